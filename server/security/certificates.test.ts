import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { postOutgoing } from '../outgoing/post.ts'
import { createStripe } from '../stripe/client.ts'

// Made for this test, signed by itself, for 127.0.0.1: worth nothing anywhere.
const key =
  'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgMA/+nFzxecVWLIXcQfRZ95ugotqkl8GUfkIcHaoNEQShRANC' +
  'AAT9OrY8mC0mKvNVSNMM6ed5m0SVfTS+ufr8PmhhPUwjeUNGW+nd7jziBtjRbBBkj2lLkSeMQUznQSd/0jybUiMj'
const certificate =
  'MIIBjzCCATagAwIBAgIUSdc+zG9CAagIb48VC3D8oM4XCd8wCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJMTI3LjAuMC4xMCAX' +
  'DTI2MTIwMTEyMTIwMloYDzIxMjYxMTA3MTIxMjAyWjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjO' +
  'PQMBBwNCAAT9OrY8mC0mKvNVSNMM6ed5m0SVfTS+ufr8PmhhPUwjeUNGW+nd7jziBtjRbBBkj2lLkSeMQUznQSd/0jybUiMj' +
  'o2QwYjAdBgNVHQ4EFgQUmH140AyEChznKhNhrVDFLls+kDowHwYDVR0jBBgwFoAUmH140AyEChznKhNhrVDFLls+kDowDwYD' +
  'VR0TAQH/BAUwAwEB/zAPBgNVHREECDAGhwR/AAABMAoGCCqGSM49BAMCA0cAMEQCIDeOcz1fr8Ids/hG/+BrRo1r1umm6wYZ' +
  'nSlf9f9axNK0AiANeIkk2xW+Qqv7GDUbFc7DjocqDzFpLXrVmvKc22mrhA=='
const pem = (what: string, body: string) => `-----BEGIN ${what}-----\n${body}\n-----END ${what}-----\n`

test('a certificate that nobody vouches for gets nothing, neither from Stripe’s client nor from the door for users’ addresses', async () => {
  const heard: string[] = []
  const server = createServer(
    { key: pem('PRIVATE KEY', key), cert: pem('CERTIFICATE', certificate) },
    (request, response) => {
      heard.push(`${request.method} ${request.url} ${request.headers.authorization}`)
      response.setHeader('content-type', 'application/json').end('{"object":"balance"}')
    },
  )
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const base = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const stripe = createStripe({ STRIPE_API_BASE: base, STRIPE_SECRET_KEY: 'sk_test_a_test' }, () => false)
  await expect(stripe.balance.retrieve()).rejects.toMatchObject({ detail: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } })
  await expect(postOutgoing(`${base}/`, '{}', {}, { loopback: true })).rejects.toMatchObject({
    code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
  })
  expect(heard).toEqual([])
})
