import ts from 'typescript'

/** One item of docs/security.md. */
export interface Item {
  number: number
  section: string
  does: string
  /** The tests that prove it; empty where people looked, or where it can't be had. */
  proofs: Proof[]
  /** What stands there instead of tests. */
  instead: string | null
}

export interface Proof {
  file: string
  title: string
}

/** Reads the table of docs/security.md: its numbered rows, each with four cells. */
export function readItems(markdown: string): Item[] {
  return markdown
    .split('\n')
    .filter(line => /^\| *\d+ *\|/.test(line))
    .map(line => {
      const cells = line.split(/(?<!\\)\|/).slice(1, -1)
      if (cells.length !== 4) throw new Error(`This row has ${cells.length} cells instead of four: ${line}`)
      const [number = '', section = '', does = '', proof = ''] = cells.map(cell => cell.trim().replaceAll('\\|', '|'))
      const proofs = proof.split('<br>').flatMap(text => {
        const [, file, title] = /^`([^`]+)` › (.+)$/.exec(text.trim()) ?? []
        return file && title ? [{ file, title }] : []
      })
      return { number: Number(number), section, does, proofs, instead: proofs.length > 0 ? null : proof }
    })
}

/** What is wrong with an item by its words alone, or null: it names tests, or says when who looked, or why it can't be had. */
export function wrongIn(item: Item): string | null {
  if (!/^\d+\.\d+\.\d+/.test(item.section)) return 'it names no section of ASVS'
  if (!/\S \S.*\.$/.test(item.does)) return 'it says no sentence'
  if (item.instead === null) return null
  return /^(review: \d{4}-\d\d-\d\d, \S+ |not here: \S+ )/.test(item.instead)
    ? null
    : 'it names no test, no review with its day, and no reason why not'
}

/** How a test of this title stands among those of its file: it runs, it is there and does not run, or it is not there. */
export function standing(tests: readonly Found[], title: string): 'runs' | 'skipped' | 'missing' {
  const named = tests.filter(test => test.title === title)
  if (named.length === 0) return 'missing'
  // One `only` anywhere leaves out everything else in its file; whoever has it commits by mistake.
  return named.every(test => test.runs) && !tests.some(test => test.only) ? 'runs' : 'skipped'
}

interface Found {
  title: string
  runs: boolean
  only: boolean
}

/** The tests of a file with their titles as they are written, placeholders and all. */
export function testsIn(source: string, file = 'a.test.ts'): Found[] {
  const kind = file.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true, kind)
  const found: Found[] = []
  const walk = (node: ts.Node, within: { runs: boolean; only: boolean }): void => {
    const call = ts.isCallExpression(node) ? testCall(node) : null
    const inside = call ? { runs: within.runs && call.runs, only: within.only || call.only } : within
    if (call && !call.group) found.push({ title: call.title, ...inside })
    ts.forEachChild(node, child => walk(child, inside))
  }
  walk(tree, { runs: true, only: false })
  return found
}

const leftOut = new Set(['skip', 'skipIf', 'runIf', 'todo', 'fixme', 'fail', 'fails'])

/** A call that declares a test or a group of them: `test('…', …)`, `test.each(…)('…', …)`, `describe.skip('…', …)`. */
function testCall(node: ts.CallExpression): (Found & { group: boolean }) | null {
  const [name, ...options] = node.arguments
  const title = name && titleOf(name)
  const chain = chainOf(node.expression)
  const [root = '', ...modifiers] = chain
  if (title === undefined || !['test', 'it', 'describe'].includes(root)) return null
  // What stands in a test and leaves it out from there: test.skip(), test.skip(condition, why), context.skip().
  const gone = modifiers.some(one => leftOut.has(one)) || options.some(leavesOut)
  if (options.length === 0 && !modifiers.includes('todo')) return null
  if (!options.some(isFunction) && !gone) return null
  const group = root === 'describe' || modifiers.includes('describe')
  return { title, group, runs: !gone, only: modifiers.includes('only') || options.some(hasOnly) }
}

function titleOf(node: ts.Expression): string | undefined {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text
  return ts.isTemplateExpression(node) ? node.getText().slice(1, -1) : undefined
}

/** The names from the left: `test.each(rows)` is test, each. */
function chainOf(node: ts.Expression): string[] {
  if (ts.isIdentifier(node)) return [node.text]
  if (ts.isPropertyAccessExpression(node)) return [...chainOf(node.expression), node.name.text]
  if (ts.isCallExpression(node)) return chainOf(node.expression)
  if (ts.isTaggedTemplateExpression(node)) return chainOf(node.tag)
  return []
}

const isFunction = (node: ts.Node) => ts.isArrowFunction(node) || ts.isFunctionExpression(node)

function leavesOut(node: ts.Node): boolean {
  if (ts.isObjectLiteralExpression(node)) return hasOption(node, ['skip', 'todo', 'fails'])
  return isFunction(node) && skipsInside(node)
}

const hasOnly = (node: ts.Node) => ts.isObjectLiteralExpression(node) && hasOption(node, ['only'])

function hasOption(node: ts.ObjectLiteralExpression, names: string[]): boolean {
  return node.properties.some(property => property.name && names.includes(property.name.getText()))
}

/** Whether a test's own body calls `skip` or `fixme` of the runner, whatever it holds there. */
function skipsInside(body: ts.Node): boolean {
  let skips = false
  const look = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const [root = '', ...names] = chainOf(node.expression)
      const runner = /^(test|it|info|testInfo|context|ctx|task)$/.test(root)
      if (runner && names.some(name => name === 'skip' || name === 'fixme') && !isDeclaration(node)) skips = true
    }
    // skip, taken out of the test's context: async ({ skip }) => …
    if (ts.isBindingElement(node) && node.name.getText() === 'skip') skips = true
    ts.forEachChild(node, look)
  }
  look(body)
  return skips
}

/** A test of its own inside a group, left out by itself: it says nothing of its neighbours. */
function isDeclaration(node: ts.CallExpression): boolean {
  const [name, ...rest] = node.arguments
  return name !== undefined && titleOf(name) !== undefined && rest.some(isFunction)
}
