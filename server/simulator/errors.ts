/** A refusal as the API words it. `executed` says whether work had begun: only then does v1 keep the answer under the key. */
export class ApiError extends Error {
  readonly status: number
  readonly executed: boolean
  readonly body: ErrorBody
  readonly shouldRetry: boolean | null

  constructor(status: number, body: ErrorBody, more: { executed?: boolean; shouldRetry?: boolean } = {}) {
    super(body.message)
    this.name = 'ApiError'
    this.status = status
    this.body = body
    this.executed = more.executed ?? false
    this.shouldRetry = more.shouldRetry ?? null
  }
}

interface ErrorBody {
  type: 'invalid_request_error' | 'api_error' | 'idempotency_error'
  message: string
  code?: string
  param?: string
}

export function invalid(message: string, more: { code?: string; param?: string } = {}): ApiError {
  return new ApiError(400, { type: 'invalid_request_error', message, ...more })
}

/** A refusal after the request was understood: the kind that a v1 key remembers. */
export function refused(message: string, more: { code?: string; param?: string } = {}): ApiError {
  return new ApiError(400, { type: 'invalid_request_error', message, ...more }, { executed: true })
}

export function parameterUnknown(param: string): ApiError {
  return invalid(`Received unknown parameter: ${param}`, { code: 'parameter_unknown', param })
}

export function parameterMissing(param: string): ApiError {
  return invalid(`Missing required param: ${param}.`, { code: 'parameter_missing', param })
}

/** 404 when the object is the URL's own, 400 when a parameter names it. */
export function resourceMissing(noun: string, id: string, param?: string): ApiError {
  return new ApiError(
    param && param !== 'id' ? 400 : 404,
    {
      type: 'invalid_request_error',
      code: 'resource_missing',
      message: `No such ${noun}: '${id}'`,
      param: param ?? 'id',
    },
    { executed: true },
  )
}

export function accountInvalid(account: string): ApiError {
  return new ApiError(403, {
    type: 'invalid_request_error',
    code: 'account_invalid',
    message: `The provided key does not have access to account '${account}' (or that account does not exist). Application access may have been revoked.`,
  })
}

/** The simulator's own refusal: doing it for the platform all the same would hide a mistake in the caller. */
export function platformOnly(method: string, path: string): ApiError {
  return new ApiError(403, {
    type: 'invalid_request_error',
    message: `${method} ${path} acts on the platform only; leave out Stripe-Account and Stripe-Context.`,
  })
}

export function unauthorized(message: string): ApiError {
  return new ApiError(401, { type: 'invalid_request_error', message })
}

export function urlUnknown(method: string, path: string): ApiError {
  return new ApiError(404, {
    type: 'invalid_request_error',
    message: `Unrecognized request URL (${method}: ${path}). The simulator serves only what Connect payouts need.`,
  })
}

export function keyInUse(key: string): ApiError {
  return new ApiError(409, {
    type: 'invalid_request_error',
    code: 'idempotency_key_in_use',
    message: `There is currently another in-progress request using this Idempotent Key: ${key}`,
  })
}

export function keyReused(message: string): ApiError {
  return new ApiError(400, { type: 'idempotency_error', message })
}

export function rateLimited(): ApiError {
  return new ApiError(429, {
    type: 'invalid_request_error',
    code: 'rate_limit',
    message: 'Request rate limit exceeded.',
  })
}

export function lockTimeout(): ApiError {
  return new ApiError(
    429,
    {
      type: 'invalid_request_error',
      code: 'lock_timeout',
      message: 'This object cannot be accessed right now because another API request is accessing it.',
    },
    { shouldRetry: true },
  )
}

export function internalError(): ApiError {
  return new ApiError(
    500,
    { type: 'api_error', message: 'An unknown error occurred (simulated).' },
    { executed: true, shouldRetry: false },
  )
}

/** The JSON that goes over the wire. */
export function errorJson(error: ApiError, requestId: string): string {
  const { body } = error
  return JSON.stringify({
    error: {
      type: body.type,
      ...(body.code
        ? { code: body.code, doc_url: `https://stripe.com/docs/error-codes/${body.code.replaceAll('_', '-')}` }
        : {}),
      message: body.message,
      ...(body.param ? { param: body.param } : {}),
      request_log_url: `https://dashboard.stripe.com/test/logs/${requestId}`,
    },
  })
}
