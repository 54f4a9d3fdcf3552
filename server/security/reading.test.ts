import { readdirSync, readFileSync } from 'node:fs'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { appRouter } from '../router.ts'

const typeOf = (procedure: string) =>
  (appRouter._def.procedures as unknown as Record<string, { _def: { type: string } }>)[procedure]?._def.type ?? 'none'

/** The procedures that a page's loader asks, and what else in it could change something. */
function askedBy(source: string): { procedures: string[]; changes: string[] } {
  const tree = ts.createSourceFile('page.tsx', source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX)
  const procedures: string[] = []
  const changes: string[] = []
  const walk = (node: ts.Node): void => {
    const [, procedure] = ts.isPropertyAccessExpression(node)
      ? (/^\w*api\.(\w+\.\w+)$/i.exec(node.getText()) ?? [])
      : []
    if (procedure) procedures.push(procedure)
    if (ts.isIdentifier(node) && node.text === 'mutate') changes.push(node.text)
    ts.forEachChild(node, walk)
  }
  for (const statement of tree.statements) {
    if (ts.isFunctionDeclaration(statement) && statement.name?.text === 'loader') walk(statement)
    if (ts.isVariableStatement(statement))
      for (const { name, initializer } of statement.declarationList.declarations)
        if (name.getText() === 'loader' && initializer) walk(initializer)
  }
  return { procedures, changes }
}

const pages = readdirSync('app/routes', { recursive: true, encoding: 'utf8' }).filter(
  name => /\.tsx?$/.test(name) && !/\.test\./.test(name),
)

test('the loader of a page asks for what changes nothing, so that no GET does', () => {
  let asked = 0
  const wrong = pages.flatMap(name => {
    const { procedures, changes } = askedBy(readFileSync(`app/routes/${name}`, 'utf8'))
    asked += procedures.length
    return [...procedures.filter(one => typeOf(one) !== 'query').map(one => `${one}: ${typeOf(one)}`), ...changes].map(
      what => `${name}: ${what}`,
    )
  })
  // It wants the refusal in words, as forms do; what it asks is a query, which counts how often it was asked and changes nothing else.
  expect(wrong).toEqual(['portal/registration-check.ts: mutate'])
  expect(asked).toBeGreaterThan(50)
})

test('a loader that changes something is found', () => {
  const loader = (body: string) => askedBy(`export async function loader(args: Args) { ${body} }`)
  expect(loader('return query(args, api => api.payouts.approve({ payoutIds: [] }))').procedures).toEqual([
    'payouts.approve',
  ])
  expect(typeOf('payouts.approve')).toBe('mutation')
  expect(loader('await mutate(args, change)').changes).toEqual(['mutate'])
})
