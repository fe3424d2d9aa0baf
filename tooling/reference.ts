// node tooling/reference.ts: writes the reference of every package entry into docs/reference.
import { Application, Converter, ReflectionKind, TSConfigReader, TypeDocReader } from 'typedoc'
import { entriesOf } from './surface.ts'
import { packagesIn, root } from './workspace.ts'

/** What a host writes after `from`, by source file. */
const specifiers = new Map(
  packagesIn(root).flatMap((pkg) => [...entriesOf(pkg)].map(([subpath, file]) => [file, pkg.manifest.name + subpath.slice(1)])),
)

const app = await Application.bootstrapWithPlugins({ entryPoints: [...specifiers.keys()] }, [new TypeDocReader(), new TSConfigReader()])
app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
  const source = context.getSymbolFromReflection(reflection)?.declarations?.[0]?.getSourceFile()
  if (reflection.kindOf(ReflectionKind.Module) && source) reflection.name = specifiers.get(source.fileName) ?? reflection.name
})

const project = await app.convert()
if (project) await app.generateOutputs(project)
if (!project || app.logger.hasErrors()) process.exitCode = 1
