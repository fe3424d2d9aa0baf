// pnpm bench NAME…: measures the built packages against their peers and writes the table into the package's README.
export {}

const benches: { readonly [name: string]: () => Promise<{ run(): boolean | Promise<boolean> }> } = {
  'business-time': () => import('./business-time.ts'),
  kpi: () => import('./kpi.ts'),
  loyalty: () => import('./loyalty.ts'),
  sla: () => import('./sla.ts'),
  'sla-reports': () => import('./sla-reports.ts'),
  memberships: () => import('./memberships.ts'),
  segmentation: () => import('./segmentation.ts'),
  storage: () => import('./storage.ts'),
  sweep: () => import('./sweep.ts'),
  cost: () => import('./cost.ts'),
}

const names = process.argv.slice(2)
if (names.length === 0 || names.some((name) => !(name in benches))) {
  console.error(`Name a bench: ${Object.keys(benches).join(', ')}`)
  process.exitCode = 1
} else {
  for (const name of names) {
    const { run } = await benches[name]!()
    if (!(await run())) process.exitCode = 1
  }
}
