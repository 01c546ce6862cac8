/**
 * What all recognisers of blocks share. A recogniser looks backwards from the unit a block would end at, and
 * looks at structure alone: names and genes play no part, so that a network from anywhere is drawn as what
 * it is.
 */
import type { Unit } from '../unit';

export interface BlockBase {
  /** Indices of the blocks it reads, in the order of the operator's inputs. */
  readonly inputs: readonly number[];
  /** Names of all layers in it, in order. */
  readonly layers: readonly string[];
  /** Channels of its output. */
  readonly channels: number;
}

/** A block that was recognised. That nothing outside reads what is inside is for the caller to check. */
export interface Match<Found extends BlockBase> {
  /** Indices of its units. */
  readonly members: readonly number[];
  readonly parts: Omit<Found, keyof BlockBase>;
}

type UnitTest = (unit: Unit) => boolean;

/** Units that read one another in a row. */
export interface Chain<Tests extends readonly UnitTest[] = readonly UnitTest[]> {
  readonly members: readonly number[];
  readonly units: { readonly [place in keyof Tests]: Unit };
  /** Index of the unit that the first one reads. */
  readonly source: number;
}

/** The chain that ends at `last` if each unit in it, from the first on, passes its test. */
export function chainAt<const Tests extends readonly UnitTest[]>(
  units: readonly Unit[],
  last: number,
  tests: Tests,
): Chain<Tests> | undefined {
  const members: number[] = [];
  let source = last;
  for (const test of tests.toReversed()) {
    const unit = units[source];
    const [before, ...more] = unit?.inputs ?? [];
    if (unit === undefined || before === undefined || more.length > 0 || !test(unit)) {
      return undefined;
    }
    members.unshift(source);
    source = before;
  }
  const found = members.flatMap((member) => units[member] ?? []);
  return { members, source, units: found as unknown as Chain<Tests>['units'] };
}

/** The branch beside a shortcut, where the unit at `index` adds the two (He et al. 2016, "ResNet"). */
export function residualAt<Branch extends Pick<Chain, 'members' | 'source'>>(
  units: readonly Unit[],
  index: number,
  branchAt: (units: readonly Unit[], last: number) => Branch | undefined,
): Branch | undefined {
  const add = units[index];
  const [first, second, ...more] = add?.inputs ?? [];
  if (add?.kind !== 'add' || first === undefined || second === undefined || more.length > 0) {
    return undefined;
  }
  const orders = [
    [first, second],
    [second, first],
  ] as const;
  for (const [last, shortcut] of orders) {
    const branch = branchAt(units, last);
    if (branch?.source === shortcut) {
      return { ...branch, members: [...branch.members, index] };
    }
  }
  return undefined;
}

export const isDepthwise: UnitTest = ({ kind }) => kind === 'depthwise';
export const isDense: UnitTest = ({ kind }) => kind === 'dense';
/** The mean of each channel. */
export const isMean: UnitTest = ({ operator, activation }) =>
  operator?.op === 'global-avg-pool' && activation === null;
export const isPointwise: UnitTest = ({ kind, kernel }) =>
  kind === 'conv' && kernel?.vertical === 1 && kernel.horizontal === 1;
