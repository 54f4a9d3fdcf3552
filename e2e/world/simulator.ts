/** The simulator's control endpoints, over HTTP: what a bank, Stripe's reviewers or a clock would do. */
export interface Simulator {
  url: string
  control<T = unknown>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<T>
  transfers(): Promise<Transfer[]>
  /** Takes money back, as somebody does in Stripe's dashboard; `amount` in minor units, all of it when left out. */
  reverse(transferId: string, amount?: number): Promise<void>
  /** Adds available money, in minor units. */
  fund(currency: string, amount: number): Promise<void>
}

export interface Transfer {
  id: string
  amount: number
  amount_reversed: number
  currency: string
  destination: string
  transfer_group: string | null
  metadata: Record<string, string>
}

export function simulatorAt(url: string): Simulator {
  const control = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await fetch(url + path, {
      method,
      headers: { 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as T
  }
  return {
    url,
    control,
    transfers: () => control<Transfer[]>('GET', '/_sim/transfers'),
    async reverse(transferId, amount) {
      const answer = await fetch(`${url}/v1/transfers/${transferId}/reversals`, {
        method: 'POST',
        headers: {
          Authorization: 'Bearer sk_test_simulated',
          'Content-Type': 'application/x-www-form-urlencoded',
          'Idempotency-Key': crypto.randomUUID(),
        },
        body: amount === undefined ? '' : `amount=${amount}`,
      })
      if (!answer.ok) throw new Error(`reversal: ${answer.status} ${await answer.text()}`)
    },
    fund: async (currency, amount) => {
      await control('POST', '/_sim/balance', { currency, amount })
    },
  }
}
