/** How far the factor may go from 1, either way: beyond that something else than the estimate is wrong. */
const FURTHEST = Math.log(2)
/** The most that one report counts for, as a logarithm: 35 per cent. */
const LARGEST_ERROR = 0.3
/** The share of an error that is corrected at once, after the first reports, which count for more. */
const RATE = 0.05
/** Reports further off than this are about something else: a hidden prompt, an image, a cache that is left out. */
const BELIEVABLE = Math.log(4)
/** Estimates of fewer tokens say more about rounding than about the vocabulary. */
const ENOUGH_TOKENS = 32

/**
 * Learns, for each model, how its own count compares with the estimate.
 *
 * The factor moves by half of the error with the first report and by ever less after that, down to a twentieth, and no
 * report can move it by more than a third of that way: a wrong one is soon forgotten, a lasting difference is learnt
 * within some ten requests. It stays between 0.5 and 2. Kept in memory: after a start it is learnt again.
 */
export class Calibration {
  readonly #models = new Map<string, { logFactor: number; reports: number }>()

  /** What to multiply an estimate with; 1 for a model nothing is known of. */
  factor(model: string): number {
    return Math.exp(this.#models.get(model)?.logFactor ?? 0)
  }

  /** How many reports have been taken into account. */
  reports(model: string): number {
    return this.#models.get(model)?.reports ?? 0
  }

  /**
   * Takes into account what a provider has counted.
   *
   * @param estimated tokens of the same request as estimated, before any factor.
   * @param reported tokens of the request as the provider reported them.
   */
  calibrate(model: string, estimated: number, reported: number): void {
    if (!(estimated >= ENOUGH_TOKENS) || !(reported > 0)) return
    const ratio = Math.log(reported / estimated)
    if (!(Math.abs(ratio) <= BELIEVABLE)) return

    const { logFactor, reports } = this.#models.get(model) ?? { logFactor: 0, reports: 0 }
    const error = clamp(clamp(ratio, FURTHEST) - logFactor, LARGEST_ERROR)
    const rate = Math.max(RATE, 1 / (reports + 2))
    this.#models.set(model, { logFactor: clamp(logFactor + error * rate, FURTHEST), reports: reports + 1 })
  }
}

function clamp(value: number, furthest: number): number {
  return Math.min(furthest, Math.max(-furthest, value))
}
