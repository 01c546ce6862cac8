/**
 * A run as the page shows it, built from log lines only: `showLines(showLines(empty, a), b)` equals
 * `showLines(empty, a ++ b)`.
 */
import type { HotStartLine } from '../protocol/generated/HotStartLine';
import type { CandidateCosts } from '../protocol/generated/CandidateCosts';
import type { FrontMember } from '../protocol/generated/FrontMember';
import type { LogLine } from '../protocol/generated/LogLine';
import type { PredictorQuality } from '../protocol/generated/PredictorQuality';
import type { RunHeader } from '../protocol/generated/RunHeader';
import type { StopReason } from '../protocol/generated/StopReason';
import type { Trained } from '../protocol/generated/Trained';
import type { Violation } from '../protocol/generated/Violation';
import { worthOf } from './worth';

/** A candidate that the strategy asked for. */
export interface Candidate {
  readonly ask: number;
  readonly genes: readonly number[];
  readonly name: string;
  readonly parent: number | null;
  readonly costs: CandidateCosts;
  readonly sameAs: number | null;
  /** Of its training as far as it went or is to go. */
  readonly plannedMacs: number;
  /** Where its training stands, in epochs, and where it ends or rests; null where all trainings go to the end. */
  readonly rung: { readonly epochs: number; readonly goal: number } | null;
  /** Whose weights its training begins with, and the epochs that it adds; null if it starts cold. */
  readonly hotStart: HotStartLine | null;
  /** What came of its training; null while there is no result. */
  readonly result: Trained | null;
  /** What came of the final training of a member of the front. */
  readonly final: { readonly epochs: number; readonly result: Trained } | null;
}

/** A draw that broke a limit. */
export interface Rejection {
  /** Place among all rejections the log shows. */
  readonly index: number;
  /** The ask it preceded. */
  readonly beforeAsk: number;
  readonly genes: readonly number[];
  readonly violation: Violation;
}

/** The super-network that candidates inherit their weights from. */
export interface SuperNetwork {
  readonly epochs: number;
  readonly plannedMacs: number;
  readonly hasFailed: boolean;
}

/** The state of the search after so many results. */
export interface Milestone {
  readonly told: number;
  /** Of scores, the merit. */
  readonly bestAccuracy: number;
  /** Share of the area between guessing and the reference cost that the front covers. */
  readonly hypervolume: number;
}

export type RunEnd =
  | {
      readonly kind: 'done';
      readonly candidates: number;
      readonly distinct: number;
      readonly workMacs: number;
    }
  | { readonly kind: 'stopped'; readonly reason: StopReason };

export interface RunView {
  readonly header: RunHeader | null;
  /** Once it is trained; null where candidates have weights of their own. */
  readonly superNetwork: SuperNetwork | null;
  /** By number of the ask. */
  readonly candidates: readonly Candidate[];
  /** Asks in the order in which their results were first told. */
  readonly told: readonly number[];
  /** By ascending cost. */
  readonly front: readonly FrontMember[];
  /** How well the predictor foresees, as of when it learnt last; null where there is none. */
  readonly predictor: PredictorQuality | null;
  /** Standard deviation between trainings of one network; null where each is trained once. */
  readonly trainingDeviation: number | null;
  /** Epochs after which trainings rested or ended, ascending; none where all go to the end. */
  readonly rungs: readonly number[];
  /** One for each candidate told. */
  readonly milestones: readonly Milestone[];
  readonly rejections: readonly Rejection[];
  /** All rejections, also those of which the log keeps only the count. */
  readonly rejectedCount: number;
  readonly workMacs: number;
  readonly end: RunEnd | null;
}

export const EMPTY_RUN: RunView = {
  header: null,
  superNetwork: null,
  candidates: [],
  told: [],
  front: [],
  predictor: null,
  trainingDeviation: null,
  rungs: [],
  milestones: [],
  rejections: [],
  rejectedCount: 0,
  workMacs: 0,
  end: null,
};

/** The view after more lines. The given view stays as it was. */
export function showLines(view: RunView, lines: readonly LogLine[]): RunView {
  if (lines.length === 0) {
    return view;
  }
  const draft: Draft = {
    ...view,
    candidates: [...view.candidates],
    told: [...view.told],
    milestones: [...view.milestones],
    rejections: [...view.rejections],
  };
  for (const line of lines) {
    showLine(draft, line);
  }
  return draft;
}

interface Draft extends Omit<
  { -readonly [Key in keyof RunView]: RunView[Key] },
  'candidates' | 'told' | 'milestones' | 'rejections'
> {
  candidates: Candidate[];
  told: number[];
  milestones: Milestone[];
  rejections: Rejection[];
}

function showLine(draft: Draft, line: LogLine): void {
  switch (line.line) {
    case 'run': {
      const { line: _, ...header } = line;
      draft.header = header;
      return;
    }
    case 'super-network':
      draft.superNetwork = {
        epochs: line.epochs,
        plannedMacs: line.planned_macs,
        hasFailed: line.failure !== undefined,
      };
      draft.workMacs += line.planned_macs;
      return;
    case 'asked':
      draft.candidates[line.ask] = {
        ask: line.ask,
        genes: line.genes,
        name: line.name,
        parent: line.parent,
        costs: line.costs,
        sameAs: line.same_as,
        plannedMacs: line.planned_macs,
        rung: line.epochs === undefined ? null : { epochs: 0, goal: line.epochs },
        hotStart: line.hot_start ?? null,
        result: null,
        final: null,
      };
      for (const { genes, violation } of line.rejections?.first ?? []) {
        draft.rejections.push({ index: draft.rejections.length, beforeAsk: line.ask, genes, violation });
      }
      draft.rejectedCount += line.rejections?.count ?? 0;
      return;
    case 'promoted': {
      const candidate = draft.candidates[line.ask];
      if (candidate !== undefined) {
        const plannedMacs = candidate.plannedMacs + line.planned_macs;
        const rung = { epochs: candidate.rung?.epochs ?? 0, goal: line.epochs };
        draft.candidates[line.ask] = { ...candidate, plannedMacs, rung };
      }
      return;
    }
    case 'predictor': {
      const { line: _, ...quality } = line;
      draft.predictor = quality;
      return;
    }
    case 'told':
      showResult(draft, line.ask, line.epochs ?? null, line);
      return;
    case 'front': {
      draft.front = line.members;
      draft.trainingDeviation = line.training_deviation ?? null;
      const newest = draft.milestones.at(-1);
      if (newest !== undefined) {
        draft.milestones[draft.milestones.length - 1] = {
          ...newest,
          hypervolume: line.hypervolume / wholeArea(draft.header),
        };
      }
      return;
    }
    case 'final': {
      const candidate = draft.candidates[line.ask];
      if (candidate !== undefined) {
        const result = trainedOf(line);
        draft.candidates[line.ask] = { ...candidate, final: { epochs: line.epochs, result } };
      }
      return;
    }
    case 'done':
      draft.end = {
        kind: 'done',
        candidates: line.candidates,
        distinct: line.distinct,
        workMacs: line.work_macs,
      };
      return;
    case 'stopped':
      draft.end = { kind: 'stopped', reason: line.reason };
      return;
    default:
      line satisfies never;
  }
}

function showResult(draft: Draft, ask: number, epochs: number | null, line: Trained): void {
  const candidate = draft.candidates[ask];
  if (candidate === undefined) {
    return;
  }
  const result = trainedOf(line);
  const known = epochs === null ? [] : (candidate.result?.curve.slice(0, epochs - result.curve.length) ?? []);
  draft.candidates[ask] = {
    ...candidate,
    result: { ...result, curve: [...known, ...result.curve] },
    rung: epochs === null ? null : { epochs, goal: epochs },
  };
  if (epochs !== null && !draft.rungs.includes(epochs)) {
    draft.rungs = [...draft.rungs, epochs].sort((a, b) => a - b);
  }
  draft.workMacs += workOfRung(candidate, epochs);
  const before = draft.milestones.at(-1);
  const isWhole = epochs === null || epochs === draft.header?.recipe.horizon_epochs;
  const bestAccuracy = Math.max(before?.bestAccuracy ?? 0, isWhole ? worthOf(result) : 0);
  const hypervolume = before?.hypervolume ?? 0;
  if (candidate.result === null) {
    draft.told.push(ask);
    draft.milestones.push({ told: draft.told.length, bestAccuracy, hypervolume });
  } else {
    draft.milestones[draft.milestones.length - 1] = { told: draft.told.length, bestAccuracy, hypervolume };
  }
}

/** The part of a candidate's planned work that led to this result: work is planned in proportion to epochs. */
function workOfRung({ plannedMacs, rung }: Candidate, epochs: number | null): number {
  return epochs === null || rung === null ? plannedMacs : (plannedMacs * (epochs - rung.epochs)) / epochs;
}

/** Area between the reference point and what no network can beat: all right at no cost. */
function wholeArea(header: RunHeader | null): number {
  return header === null
    ? 1
    : (1 - header.reference_accuracy) * header.reference_cost * (header.second_reference_cost ?? 1);
}

/** The result without what else stands on its line. */
function trainedOf(line: Trained): Trained {
  const { curve, validation_accuracy, score, test_accuracy, weights_sha256, failure } = line;
  return {
    curve,
    validation_accuracy,
    ...(score === undefined ? {} : { score }),
    ...(test_accuracy === undefined ? {} : { test_accuracy }),
    ...(weights_sha256 === undefined ? {} : { weights_sha256 }),
    ...(failure === undefined ? {} : { failure }),
  };
}
