/**
 * A search space as a lattice: one row for each group of genes (`layer3.operator` and `layer3.width` share
 * one), in each row a cell for each choice.
 */
import type { GeneView } from '../protocol/generated/GeneView';

export interface LatticeGene {
  /** Its place in the genotype. */
  readonly index: number;
  /** What it decides, without the group's name: `operator`. */
  readonly role: string;
  readonly choices: readonly string[];
  /** The chosen one on the path; null where the path does not come by. */
  readonly chosen: number | null;
}

export interface LatticeRow {
  readonly label: string;
  readonly genes: readonly LatticeGene[];
}

export function latticeOf(genes: readonly GeneView[], path: readonly number[] | null): LatticeRow[] {
  const rows: { label: string; genes: LatticeGene[] }[] = [];
  genes.forEach((gene, index) => {
    const { group, role } = splitName(gene.id);
    const chosen = path !== null && isActive(genes, path, index) ? (path[index] ?? null) : null;
    const cell: LatticeGene = { index, role, choices: gene.choices, chosen };
    const newest = rows.at(-1);
    if (newest?.label === group) {
      newest.genes.push(cell);
    } else {
      rows.push({ label: group, genes: [cell] });
    }
  });
  return rows;
}

/** Whether a gene matters for a genotype: its parent is active and has one of the values that ask for it. */
export function isActive(genes: readonly GeneView[], genotype: readonly number[], index: number): boolean {
  const gene = genes[index];
  if (gene === undefined || gene.parent === null) {
    return true;
  }
  return isActive(genes, genotype, gene.parent) && gene.active_when.includes(genotype[gene.parent] ?? -1);
}

function splitName(id: string): { group: string; role: string } {
  const dot = id.indexOf('.');
  return dot < 0 ? { group: id, role: id } : { group: id.slice(0, dot), role: id.slice(dot + 1) };
}
