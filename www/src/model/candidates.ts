/**
 * The table of candidates: those that were trained and those that were not, and why.
 */
import type { CandidateCosts } from '../protocol/generated/CandidateCosts';
import type { Objective } from '../protocol/generated/Objective';
import type { RunConfig } from '../protocol/generated/RunConfig';
import { costOn } from './costs';
import type { Candidate, Rejection, RunView } from './run-view';
import { stoppedAfter } from './stopping';
import { worthOf } from './worth';

export type Status = 'front' | 'trained' | 'stopped' | 'same' | 'failed' | 'waiting' | 'rejected';

/** What is selected: a candidate of the log, or a draw that was rejected. */
export type Selection =
  | { readonly kind: 'candidate'; readonly ask: number }
  | { readonly kind: 'rejection'; readonly index: number };

export interface TableRow {
  readonly selection: Selection;
  readonly status: Status;
  readonly genes: readonly number[];
  readonly candidate: Candidate | null;
  readonly rejection: Rejection | null;
  readonly accuracy: number | null;
}

export type SortColumn = 'ask' | 'accuracy' | Objective;

const COSTS: readonly Objective[] = ['latency', 'macs', 'params', 'ram', 'flash'];

/** The costs that the table shows: a second objective that is not among the usual ones comes last. */
export function costColumns({ objective2 }: Pick<RunConfig, 'objective2'>): readonly Objective[] {
  return objective2 === undefined || COSTS.includes(objective2) ? COSTS : [...COSTS, objective2];
}

/** What the table can be sorted by, in its order. */
export function sortColumns(config: Pick<RunConfig, 'objective2'>): readonly SortColumn[] {
  return ['ask', 'accuracy', ...costColumns(config)];
}

export interface Sorting {
  readonly column: SortColumn;
  readonly descending: boolean;
}

/** The costs of a genotype; null if it cannot be priced. */
export type PriceOf = (genes: readonly number[]) => CandidateCosts | null;

export const FILTERS = ['all', 'front', 'trained', 'rejected', 'failed'] as const;
export type Filter = (typeof FILTERS)[number];

export function statusOf(view: RunView, candidate: Candidate, frontAsks: ReadonlySet<number>): Status {
  if (candidate.result === null) {
    return 'waiting';
  }
  if (candidate.result.failure !== undefined) {
    return 'failed';
  }
  if (frontAsks.has(candidate.ask)) {
    return 'front';
  }
  if (candidate.sameAs !== null) {
    return 'same';
  }
  return stoppedAfter(view, candidate) === null ? 'trained' : 'stopped';
}

export function rowsOf(view: RunView): TableRow[] {
  const frontAsks = new Set(view.front.map(({ ask }) => ask));
  const rejectionsBefore = new Map<number, Rejection[]>();
  for (const rejection of view.rejections) {
    const others = rejectionsBefore.get(rejection.beforeAsk) ?? [];
    rejectionsBefore.set(rejection.beforeAsk, [...others, rejection]);
  }
  return view.candidates.flatMap((candidate) => [
    ...(rejectionsBefore.get(candidate.ask) ?? []).map(rejectionRow),
    candidateRow(candidate, statusOf(view, candidate, frontAsks)),
  ]);
}

export function matches(row: TableRow, filter: Filter): boolean {
  switch (filter) {
    case 'all':
      return true;
    case 'trained':
      return ['trained', 'stopped', 'front', 'same'].includes(row.status);
    case 'front':
    case 'rejected':
    case 'failed':
      return row.status === filter;
  }
}

/** The rows in order; what a row lacks comes last either way, and equal rows keep the order of asking. */
export function sorted(
  rows: readonly TableRow[],
  { column, descending }: Sorting,
  price: PriceOf,
): TableRow[] {
  const sign = descending ? -1 : 1;
  return rows
    .map((row) => ({ row, value: valueIn(column, row, price) }))
    .sort((a, b) =>
      a.value === null || b.value === null
        ? Number(a.value === null) - Number(b.value === null)
        : sign * (a.value - b.value),
    )
    .map(({ row }) => row);
}

export function isSelected(row: TableRow, selection: Selection | null): boolean {
  return (
    selection !== null &&
    (row.selection.kind === 'candidate'
      ? selection.kind === 'candidate' && selection.ask === row.selection.ask
      : selection.kind === 'rejection' && selection.index === row.selection.index)
  );
}

function valueIn(column: SortColumn, row: TableRow, price: PriceOf): number | null {
  if (column === 'ask') return row.candidate?.ask ?? (row.rejection?.beforeAsk ?? 0) - 0.5;
  return column === 'accuracy' ? row.accuracy : rowCost(column, row, price);
}

/** A row's cost: what the log says, and of a rejected draw, of which it says little, what it is priced at. */
export function rowCost(axis: Objective, row: TableRow, price: PriceOf): number | null {
  const costs = row.candidate?.costs ?? price(row.genes);
  return costs === null ? null : costOn(axis, costs);
}

function candidateRow(candidate: Candidate, status: Status): TableRow {
  const accuracy = status === 'failed' || candidate.result === null ? null : worthOf(candidate.result);
  const selection: Selection = { kind: 'candidate', ask: candidate.ask };
  return { selection, status, genes: candidate.genes, candidate, rejection: null, accuracy };
}

function rejectionRow(rejection: Rejection): TableRow {
  const selection: Selection = { kind: 'rejection', index: rejection.index };
  return {
    selection,
    status: 'rejected',
    genes: rejection.genes,
    candidate: null,
    rejection,
    accuracy: null,
  };
}
