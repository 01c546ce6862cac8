import type { Unit } from '../unit';
import { type BlockBase, chainAt, isDepthwise, isPointwise, type Match, residualAt } from './match';
import { squeezeExciteAt } from './squeeze-excite';

/**
 * Expand 1×1, depthwise convolution, project 1×1 without an activation, and where shapes allow a shortcut
 * from end to end (Sandler et al. 2018, "MobileNetV2"); MobileNetV3 has a squeeze-excite before the
 * projection.
 */
export interface InvertedResidualBlock extends BlockBase {
  readonly kind: 'inverted-residual';
  readonly expand: Unit;
  readonly depthwise: Unit;
  readonly hasSqueezeExcite: boolean;
  readonly project: Unit;
  readonly hasShortcut: boolean;
}

export function invertedResidualAt(
  units: readonly Unit[],
  index: number,
): Match<InvertedResidualBlock> | undefined {
  const residual = residualAt(units, index, branchAt);
  const branch = residual ?? branchAt(units, index);
  return (
    branch && {
      members: branch.members,
      parts: { ...branch.parts, kind: 'inverted-residual', hasShortcut: residual !== undefined },
    }
  );
}

interface Branch {
  readonly members: readonly number[];
  readonly source: number;
  readonly parts: Pick<InvertedResidualBlock, 'expand' | 'depthwise' | 'hasSqueezeExcite' | 'project'>;
}

function branchAt(units: readonly Unit[], last: number): Branch | undefined {
  const behind = chainAt(units, last, [isLinearPointwise]);
  if (behind === undefined) {
    return undefined;
  }
  const gate = squeezeExciteAt(units, behind.source);
  const front = chainAt(units, gate?.source ?? behind.source, [isPointwise, isDepthwise]);
  const source = units[front?.source ?? 0];
  if (front === undefined || source === undefined) {
    return undefined;
  }
  const [expand, depthwise] = front.units;
  // A 1×1 convolution behind a depthwise one is the second half of a separable convolution.
  if (expand.channels <= source.channels || source.kind === 'depthwise') {
    return undefined;
  }
  const [project] = behind.units;
  return {
    members: [...front.members, ...(gate?.members ?? []), ...behind.members],
    source: front.source,
    parts: { expand, depthwise, hasSqueezeExcite: gate !== undefined, project },
  };
}

function isLinearPointwise(unit: Unit): boolean {
  return isPointwise(unit) && unit.activation === null;
}
