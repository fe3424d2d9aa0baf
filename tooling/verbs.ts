import ts from 'typescript'

/** Nouns that read. Every other verb of a service writes, and so must be safe to send twice. */
const READS = new Set(
  'balance compare count due explain explainMatch explainPopulation explainStatement feed funding health history holds items liability list lots measure members membershipsOf progress replay replayStatement reviews score scores sql statement statements status statusMany verify'.split(
    ' ',
  ),
)

/** Verbs after which nothing is left to do a second time. */
const DONE_FOR_GOOD = new Set(['erase'])

/**
 * What breaks the common shape in the services that the entries export: a verb takes one object; a write carries an
 * `idempotencyKey`, rows with their own `id`, or a definition, which is idempotent by its content; money is no bare number.
 */
export function wrongVerbs(program: ts.Program, entries: readonly string[]): string[] {
  const checker = program.getTypeChecker()
  const exports = entries.flatMap((entry) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(entry)!)
    return module ? checker.getExportsOfModule(module) : []
  })
  const wrong = exports
    .filter(({ name }) => /^create[A-Z]/.test(name))
    .flatMap((factory) => verbsOf(checker, checker.getTypeOfSymbol(resolved(checker, factory))).map((verb) => ({ factory, verb })))
    .flatMap(({ factory, verb }) => breaks(checker, verb).map((what) => `${factory.name}: ${verb.name} ${what}`))
  return [...new Set(wrong)]
}

const resolved = (checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol

/** The verbs on what `createX(deps).for(scope)` answers; nothing where there is no `for`. */
function verbsOf(checker: ts.TypeChecker, factory: ts.Type): ts.Symbol[] {
  const service = answerOf(factory)
  const bind = service?.getProperty('for')
  const bound = bind && answerOf(checker.getTypeOfSymbol(bind))
  return (bound?.getProperties() ?? []).filter(({ name }) => name !== 'in' && name !== 'preview')
}

const answerOf = (type: ts.Type): ts.Type | undefined => type.getCallSignatures()[0]?.getReturnType()

function breaks(checker: ts.TypeChecker, verb: ts.Symbol): string[] {
  const signature = checker.getTypeOfSymbol(verb).getCallSignatures()[0]
  if (!signature) return []
  const input = signature.parameters[0] && checker.getTypeOfSymbol(signature.parameters[0])
  if (signature.parameters.length !== 1 || !input || !isPlainObject(checker, input)) return ['takes something else than one object']
  return [
    ...(READS.has(verb.name) || DONE_FOR_GOOD.has(verb.name) || maySendTwice(checker, input)
      ? []
      : ['writes without idempotencyKey, rows with an id, or a definition']),
    ...bareMoney(checker, input).map((path) => `takes ${path} as a bare number; money is { amount: string, currency }`),
  ]
}

const elementOf = (checker: ts.TypeChecker, type: ts.Type): ts.Type | undefined =>
  type.flags & ts.TypeFlags.Object ? checker.getIndexTypeOfType(type, ts.IndexKind.Number) : undefined

const isPlainObject = (checker: ts.TypeChecker, type: ts.Type): boolean =>
  type.isUnionOrIntersection()
    ? type.types.every((part) => isPlainObject(checker, part))
    : (type.flags & ts.TypeFlags.Object) !== 0 && !elementOf(checker, type) && type.getCallSignatures().length === 0

const isRequired = (symbol: ts.Symbol | undefined): boolean => symbol !== undefined && !(symbol.flags & ts.SymbolFlags.Optional)

function maySendTwice(checker: ts.TypeChecker, input: ts.Type): boolean {
  if (['idempotencyKey', 'definition'].some((name) => isRequired(input.getProperty(name)))) return true
  return input.getProperties().some((property) => {
    const row = elementOf(checker, checker.getTypeOfSymbol(property))
    return row !== undefined && (isRequired(row.getProperty('id')) || maySendTwice(checker, row))
  })
}

/** Paths such as `order.total`, three levels deep. */
function bareMoney(checker: ts.TypeChecker, type: ts.Type, depth = 3): string[] {
  if (depth === 0 || !(type.flags & ts.TypeFlags.Object)) return []
  return type.getProperties().flatMap((property) => {
    const of = checker.getNonNullableType(checker.getTypeOfSymbol(property))
    if (/^(amount|total|price|worth)$/.test(property.name) && of.flags & ts.TypeFlags.NumberLike) return [property.name]
    return bareMoney(checker, elementOf(checker, of) ?? of, depth - 1).map((path) => `${property.name}.${path}`)
  })
}
