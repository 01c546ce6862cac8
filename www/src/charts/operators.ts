/** Families of operators, each with a colour of its own (`--op-…`). */
export type OperatorFamily = 'conv' | 'separable' | 'fire' | 'attention' | 'norm' | 'pool' | 'dense' | 'none';

/** The family of an operator that a search space names, such as `conv3x3` or `max-pool`. */
export function familyOfChoice(choice: string): OperatorFamily {
  const families: readonly (readonly [RegExp, OperatorFamily])[] = [
    [/^separable|^depthwise|^inverted/, 'separable'],
    [/^fire/, 'fire'],
    [/^attention|^transformer|^squeeze/, 'attention'],
    [/^conv|^meta-conv/, 'conv'],
    [/norm/, 'norm'],
    [/pool/, 'pool'],
    [/^dense/, 'dense'],
  ];
  return families.find(([pattern]) => pattern.test(choice))?.[1] ?? 'none';
}
