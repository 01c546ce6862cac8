/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'components-show-only',
      comment: 'A component has properties in and events out; it knows no engine, no worker and no storage.',
      severity: 'error',
      from: { path: '^www/src/(components|charts)/' },
      to: { path: '^www/(src/(engine|workers)|pkg)/|node_modules/idb/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-cycles',
      comment: 'Two modules that need each other are one module, or lack a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolved',
      comment: 'An import that the rules cannot follow would escape them.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^www/pkg/'] },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      conditionNames: ['import', 'browser', 'svelte', 'default'],
      exportsFields: ['exports'],
    },
  },
};
