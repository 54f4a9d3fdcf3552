import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import ts from 'typescript'

/**
 * Checks JSON against the stripe package's own types, so that nobody has to keep fixtures: the validator is what the
 * compiler makes of the installed declarations. It is stricter than they are: a union of literals that also allows
 * any other string takes the listed literals only, numbers are integers unless a ratio is expected, and a field that
 * no type declares is reported.
 */
interface Validator {
  /** What is wrong with `value` as the type that this expression names, e.g. `ApiList<Transfer>`. */
  check(expression: string, value: unknown): string[]
  /** What is wrong with a v1 or v2 event; its `type` chooses among the package's event types. */
  checkEvent(union: 'Event' | 'V2.Core.Event' | 'V2.Core.EventNotification', value: unknown): string[]
  /** The names that an object type declares, sorted; `path` leads to an object inside it. */
  namesOf(expression: string, path?: readonly string[]): string[]
  /** The literals of a union of strings. */
  literalsOf(expression: string): string[]
}

/** Fields whose numbers are not whole. */
const RATIOS = new Set(['exchange_rate'])

/** Compiles the installed declarations; takes a few seconds. `expressions` are all types that will be asked for. */
export function createValidator(expressions: readonly string[]): Validator {
  const declarations = join(packageRoot(), 'esm', 'stripe.esm.node.d.ts')
  const aliases = expressions.map((expression, index) => `export type T${index} = ${qualify(expression)}`)
  const entry = join(packageRoot(), 'conformance-entry.ts')
  const source = `import type { Stripe } from ${JSON.stringify(declarations.replace(/\.d\.ts$/, '.js'))}\n${aliases.join('\n')}\n`

  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    skipLibCheck: true,
    types: ['node'],
  }
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists, readFile } = host
  host.getSourceFile = (name, ...rest) =>
    name === entry ? ts.createSourceFile(name, source, ts.ScriptTarget.ES2022, true) : getSourceFile(name, ...rest)
  host.fileExists = name => name === entry || fileExists(name)
  host.readFile = name => (name === entry ? source : readFile(name))
  const program = ts.createProgram([entry], options, host)
  const checker = program.getTypeChecker()
  const file = program.getSourceFile(entry)!
  const broken = program.getSemanticDiagnostics(file)
  if (broken.length > 0)
    throw new Error(broken.map(one => ts.flattenDiagnosticMessageText(one.messageText, '\n')).join('\n'))

  const types = new Map<string, ts.Type>()
  file.forEachChild(node => {
    if (!ts.isTypeAliasDeclaration(node)) return
    const expression = expressions[Number(node.name.text.slice(1))]!
    types.set(expression, checker.getTypeAtLocation(node.name))
  })

  const typeOf = (expression: string): ts.Type => {
    const type = types.get(expression)
    if (!type) throw new Error(`Not compiled: ${expression}`)
    return type
  }
  const walk = createWalk(checker)
  return {
    check: (expression, value) => walk(value, typeOf(expression), '$'),
    checkEvent(union, value) {
      const type = isRecord(value) ? value.type : undefined
      const member = membersOf(typeOf(union)).find(one => literalOf(checker, one, 'type') === type)
      return member ? walk(value, member, '$') : [`$.type: ${JSON.stringify(type)} is no event type`]
    },
    namesOf(expression, path = []) {
      const inner = path.reduce((type, name) => {
        const property = checker.getPropertyOfType(type, name)
        if (!property) throw new Error(`${expression} has no ${path.join('.')}`)
        return checker.getNonNullableType(checker.getTypeOfSymbol(property))
      }, typeOf(expression))
      return checker
        .getPropertiesOfType(inner)
        .map(one => one.name)
        .sort()
    },
    literalsOf: expression => membersOf(typeOf(expression)).flatMap(one => (one.isStringLiteral() ? [one.value] : [])),
  }
}

const OBJECT_LIKE = ts.TypeFlags.Object | ts.TypeFlags.Intersection

function createWalk(checker: ts.TypeChecker) {
  function walk(value: unknown, type: ts.Type, path: string): string[] {
    if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return []
    if (type.isUnion() && !(type.flags & ts.TypeFlags.Boolean)) return walkUnion(value, type, path)
    if (type.isStringLiteral() || type.isNumberLiteral())
      return value === type.value ? [] : [wrong(path, JSON.stringify(type.value), value)]
    if (type.flags & ts.TypeFlags.BooleanLiteral) {
      const text = checker.typeToString(type)
      return String(value) === text && typeof value === 'boolean' ? [] : [wrong(path, text, value)]
    }
    if (type.flags & ts.TypeFlags.Null) return value === null ? [] : [wrong(path, 'null', value)]
    if (type.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Void))
      return value === undefined ? [] : [wrong(path, 'nothing', value)]
    if (type.flags & ts.TypeFlags.Boolean) return typeof value === 'boolean' ? [] : [wrong(path, 'boolean', value)]
    if (type.flags & ts.TypeFlags.String) return typeof value === 'string' ? [] : [wrong(path, 'string', value)]
    if (type.flags & ts.TypeFlags.Number) {
      const whole = Number.isSafeInteger(value) || (typeof value === 'number' && RATIOS.has(path.split('.').at(-1)!))
      return whole ? [] : [wrong(path, 'integer', value)]
    }
    if (checker.isArrayType(type)) {
      const [element] = checker.getTypeArguments(type as ts.TypeReference)
      if (!Array.isArray(value)) return [wrong(path, 'array', value)]
      return value.flatMap((one, index) => walk(one, element!, `${path}[${index}]`))
    }
    return walkObject(value, type, path)
  }

  function walkUnion(value: unknown, type: ts.UnionType, path: string): string[] {
    const closed = type.types.some(one => one.isStringLiteral())
    // `'a' | 'b' | OtherString`: OtherString is an intersection of string with nothing.
    const members = type.types.filter(one => !(closed && one.isIntersection()))
    const candidates = isRecord(value)
      ? members.filter(one => one.flags & OBJECT_LIKE && discriminates(one, value))
      : members
    const attempts = candidates.map(one => walk(value, one, path))
    const best = attempts.sort((a, b) => a.length - b.length)[0]
    if (!best) return [wrong(path, checker.typeToString(type), value)]
    if (best.length > 0 && !isRecord(value)) return [wrong(path, checker.typeToString(type), value)]
    return best
  }

  /** Whether the literals that tell objects apart agree. */
  function discriminates(type: ts.Type, value: Record<string, unknown>): boolean {
    return ['object', 'type', 'deleted'].every(name => {
      const literal = literalOf(checker, type, name)
      if (literal === undefined || literal === value[name]) return true
      // In a Partial the telling name may be left out.
      const optional = (checker.getPropertyOfType(type, name)?.flags ?? 0) & ts.SymbolFlags.Optional
      return optional !== 0 && value[name] === undefined
    })
  }

  function walkObject(value: unknown, type: ts.Type, path: string): string[] {
    if (!isRecord(value)) return [wrong(path, checker.typeToString(type), value)]
    const problems: string[] = []
    const index = checker.getIndexTypeOfType(type, ts.IndexKind.String)
    const declared = new Set<string>()
    for (const property of checker.getPropertiesOfType(type)) {
      const inner = checker.getTypeOfSymbol(property)
      declared.add(property.name)
      // Methods such as fetchRelatedObject are the package's, not the wire's.
      if (inner.getCallSignatures().length > 0) continue
      const present = value[property.name]
      const optional = (property.flags & ts.SymbolFlags.Optional) !== 0
      if (present === undefined) {
        if (!optional) problems.push(`${path}.${property.name}: missing`)
        continue
      }
      problems.push(...walk(present, inner, `${path}.${property.name}`))
    }
    for (const [name, present] of Object.entries(value)) {
      if (declared.has(name) || present === undefined) continue
      if (index) problems.push(...walk(present, index, `${path}.${name}`))
      else problems.push(`${path}.${name}: not declared`)
    }
    return problems
  }

  return walk
}

function membersOf(type: ts.Type): ts.Type[] {
  return type.isUnion() ? type.types : [type]
}

function literalOf(checker: ts.TypeChecker, type: ts.Type, name: string): string | boolean | undefined {
  const property = checker.getPropertyOfType(type, name)
  if (!property) return undefined
  const inner = membersOf(checker.getTypeOfSymbol(property)).filter(one => !(one.flags & ts.TypeFlags.Undefined))
  const [only] = inner
  if (inner.length !== 1 || !only) return undefined
  if (only.isStringLiteral()) return only.value
  return checker.typeToString(only) === 'true' ? true : undefined
}

/** `ApiList<Transfer>` → `Stripe.ApiList<Stripe.Transfer>`. */
function qualify(expression: string): string {
  return expression.replace(/\b[A-Z]\w*(?:\.\w+)*/g, name => `Stripe.${name}`)
}

function wrong(path: string, expected: string, value: unknown): string {
  return `${path}: expected ${expected}, got ${JSON.stringify(value)}`
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function packageRoot(): string {
  return dirname(dirname(createRequire(import.meta.url).resolve('stripe')))
}
