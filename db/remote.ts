import { createClient, type InStatement, type ResultSet, type Transaction } from '@libsql/client'
import { type Backend, readClient, writeOutsideDoor } from './backend.ts'
import { isRead, refuseSessionStatement } from './statements.ts'
import { bindArgs } from './values.ts'

/** A libSQL server owns the data; it queues writers itself, so any number of processes may use it. */
export function openRemote(url: string, authToken: string | undefined): Backend {
  const client = createClient({ url, authToken })

  async function read(statement: InStatement): Promise<ResultSet> {
    return client.execute(encodeRead(statement))
  }

  return {
    reads: readClient(read),
    begin: async () => encoding(await client.transaction('write')),
    exclusively: task => task(),
    async snapshot(task) {
      const transaction = await client.transaction('read')
      try {
        return await task(readClient(async statement => transaction.execute(encodeRead(statement))))
      } finally {
        transaction.close()
      }
    },
    snapshotExcludesWrites: false,
    script: sql => client.executeMultiple(`PRAGMA foreign_keys = OFF;\n${sql}\n;PRAGMA foreign_keys = ON;`),
    stats: () => ({ busy: 0, reopened: 0, pending: 0, prepared: 0 }),
    moment: null,
    checkpoint: async () => {},
    copyTo: () => Promise.reject(new Error('The data belongs to a database server: make its backups there.')),
    close: async () => client.close(),
  }
}

/** A server accepts writes in a transaction declared read-only, so the door judges by the text. */
function encodeRead(statement: InStatement): InStatement {
  if (!isRead(typeof statement === 'string' ? statement : statement.sql)) throw writeOutsideDoor()
  return encode(statement)
}

function encode(statement: InStatement): InStatement {
  const sql = typeof statement === 'string' ? statement : statement.sql
  refuseSessionStatement(sql)
  return { sql, args: bindArgs(typeof statement === 'string' ? undefined : statement.args) as never }
}

function encoding(transaction: Transaction): Transaction {
  return {
    execute: (statement: InStatement) => transaction.execute(encode(statement)),
    batch: statements => transaction.batch(statements.map(encode)),
    executeMultiple: sql => transaction.executeMultiple(sql),
    commit: () => transaction.commit(),
    rollback: () => transaction.rollback(),
    close: () => transaction.close(),
    get closed() {
      return transaction.closed
    },
  }
}
