const COLORS = 6

/** The colour by which a lane is recognised; its name always stands beside it. @param index the lane's place, from 0. */
export function laneColor(index: number): string {
  return `var(--lane-${((index % COLORS) + COLORS) % COLORS})`
}
