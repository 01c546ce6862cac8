import type { NumberFormat } from '../../format/numbers';
import type { Catalog } from '../../i18n/en';
import type { Reason, Rival } from '../../model/reason';
import type { Objective } from '../../protocol/generated/Objective';

/** The facts of a reason as sentences. */
export function whySentences(
  reason: Reason,
  objective: Objective,
  images: number,
  t: Catalog,
  format: NumberFormat,
): string {
  const { reasons } = t.network;
  const whole = (value: number): string => format.whole(value);
  switch (reason.kind) {
    case 'waiting':
      return reasons.waiting;
    case 'failed':
      return reasons.failed;
    case 'same':
      return reasons.same(whole(reason.as));
    case 'stopped':
      return reasons.stopped(whole(reason.epochs));
    case 'dominated': {
      const { rival } = reason;
      return rival.isWithinNoise && rival.gain > 0
        ? reasons.dominatedNoise(whole(rival.ask), format.points(rival.gain), whole(images))
        : reasons.dominated(whole(rival.ask));
    }
    case 'front': {
      const better = reason.better === null ? null : betterSentence(reason.better);
      const cheaper = reason.cheaper === null ? null : cheaperSentence(reason.cheaper);
      if (better === null && cheaper === null) {
        return reasons.only;
      }
      const claim = better === null ? reasons.most : cheaper === null ? reasons.cheapest : reasons.noCheaper;
      return `${claim} ${better ?? cheaper ?? ''}`;
    }
  }

  function betterSentence(rival: Rival): string {
    const extra = format.cost(objective, rival.extraCost);
    const points = format.points(rival.gain);
    return rival.isWithinNoise
      ? reasons.betterNoise(whole(rival.ask), points, whole(images), extra)
      : reasons.better(whole(rival.ask), points, extra);
  }

  function cheaperSentence(rival: Rival): string {
    const less = format.cost(objective, -rival.extraCost);
    const points = format.points(-rival.gain);
    return rival.isWithinNoise
      ? reasons.cheaperNoise(whole(rival.ask), points, whole(images), less)
      : reasons.cheaper(whole(rival.ask), points, less);
  }
}

/** The same of scores, which have neither points nor noise. */
export function whyScored(reason: Reason, objective: Objective, t: Catalog, format: NumberFormat): string {
  const { reasons } = t.network;
  switch (reason.kind) {
    case 'waiting':
      return reasons.waiting;
    case 'failed':
      return reasons.failed;
    case 'same':
      return reasons.same(format.whole(reason.as));
    case 'stopped':
      return reasons.stopped(format.whole(reason.epochs));
    case 'dominated':
      return reasons.dominatedScored(format.whole(reason.rival.ask));
    case 'front': {
      const { better, cheaper } = reason;
      if (better !== null) {
        return reasons.betterScored(format.whole(better.ask), format.cost(objective, better.extraCost));
      }
      return cheaper === null
        ? reasons.only
        : reasons.cheaperScored(format.whole(cheaper.ask), format.cost(objective, -cheaper.extraCost));
    }
  }
}
