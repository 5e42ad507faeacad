/**
 * One contest: how much of it `first` won, from 0 to 1; half for a tie.
 *
 * The covariate is something that may have helped `first`, in units of which the fit finds the worth; 0 helps nobody.
 */
export type Contest = {
  first: number
  second: number
  outcome: number
  covariate?: number
  /** How often it was held; once when left out. */
  times?: number
}

/** Strengths in natural log odds: each is the logarithm of how likely a win against an average player is. */
export type Strengths = {
  strengths: number[]
  /** Standard errors, in the same units. */
  errors: number[]
  /** Log odds for one unit of the covariate; 0 without one. */
  covariateEffect: number
}

/**
 * How much is known before any contest: strengths are normally distributed with this inverse variance, a standard
 * deviation of about 550 points of rating. It keeps who never lost finite and is worth less than one contest.
 */
const RIDGE = 0.1
const MAX_STEPS = 100
/** After a step this small, Newton's next one would be far below what can be told apart. */
const SMALL_STEP = 1e-6

/**
 * Fits the Bradley-Terry model, P(first wins) = σ(strength of first − strength of second + effect · covariate), by
 * ridge-regularised logistic regression. The same contests in any order give the same strengths, and they sum to 0.
 *
 * @param players how many there are; contests name them by their index from 0.
 */
export function fitBradleyTerry(players: number, contests: readonly Contest[]): Strengths {
  const size = players + 1
  let weights = new Array<number>(size).fill(0)
  let loss = lossOf(weights, contests)
  for (let step = 0; step < MAX_STEPS; step++) {
    const { gradient, curvature } = derivatives(weights, contests)
    const [direction] = solve(curvature, [gradient])
    if (!direction) break
    if (Math.max(...direction.map(Math.abs)) < SMALL_STEP) {
      weights = weights.map((weight, index) => weight - at(direction, index))
      break
    }
    const next = shorterUntilBetter(weights, direction, loss, contests)
    if (!next) break
    weights = next.weights
    loss = next.loss
  }
  const { curvature } = derivatives(weights, contests)
  const variances = solve(curvature, identity(size)).map((column, index) => column[index] ?? 0)
  return {
    strengths: weights.slice(0, players),
    errors: variances.slice(0, players).map(Math.sqrt),
    covariateEffect: weights[players] ?? 0,
  }
}

/** Newton's steps can be too long where one side always wins. */
function shorterUntilBetter(
  weights: readonly number[],
  direction: readonly number[],
  loss: number,
  contests: readonly Contest[],
): { weights: number[]; loss: number } | undefined {
  for (let length = 1; length > 1e-6; length /= 2) {
    const moved = weights.map((weight, index) => weight - length * at(direction, index))
    const movedLoss = lossOf(moved, contests)
    if (movedLoss < loss) return { weights: moved, loss: movedLoss }
  }
  return undefined
}

/** The negative log likelihood with its penalty. */
function lossOf(weights: readonly number[], contests: readonly Contest[]): number {
  let loss = weights.reduce((sum, weight) => sum + (RIDGE / 2) * weight * weight, 0)
  for (const contest of contests) {
    const odds = logOdds(weights, contest)
    // log(1 + e^odds) without overflow.
    loss += (contest.times ?? 1) * (Math.max(odds, 0) + Math.log1p(Math.exp(-Math.abs(odds))) - contest.outcome * odds)
  }
  return loss
}

function derivatives(weights: readonly number[], contests: readonly Contest[]) {
  const gradient = weights.map((weight) => RIDGE * weight)
  const curvature = identity(weights.length).map((row) => row.map((value) => RIDGE * value))
  const add = (row: number, column: number, value: number) => {
    const values = curvature[row]
    if (values) values[column] = at(values, column) + value
  }
  const last = weights.length - 1
  for (const contest of contests) {
    const chance = 1 / (1 + Math.exp(-logOdds(weights, contest)))
    const times = contest.times ?? 1
    const slope = times * (chance - contest.outcome)
    const bend = times * chance * (1 - chance)
    const { first, second, covariate = 0 } = contest
    gradient[first] = at(gradient, first) + slope
    gradient[second] = at(gradient, second) - slope
    gradient[last] = at(gradient, last) + slope * covariate
    add(first, first, bend)
    add(second, second, bend)
    add(first, second, -bend)
    add(second, first, -bend)
    add(first, last, bend * covariate)
    add(last, first, bend * covariate)
    add(second, last, -bend * covariate)
    add(last, second, -bend * covariate)
    add(last, last, bend * covariate * covariate)
  }
  return { gradient, curvature }
}

function logOdds(weights: readonly number[], { first, second, covariate = 0 }: Contest): number {
  return at(weights, first) - at(weights, second) + covariate * at(weights, weights.length - 1)
}

/** Solves a symmetric positive definite system for several right sides, by Cholesky's decomposition. */
function solve(matrix: readonly (readonly number[])[], rightSides: readonly (readonly number[])[]): number[][] {
  const lower: number[][] = []
  for (const [row, values] of matrix.entries()) {
    const current: number[] = []
    lower.push(current)
    for (let column = 0; column <= row; column++) {
      let sum = at(values, column)
      for (let index = 0; index < column; index++) sum -= at(current, index) * at(lower[column] ?? [], index)
      current.push(column === row ? Math.sqrt(sum) : sum / at(lower[column] ?? [], column))
    }
  }
  return rightSides.map((rightSide) => {
    const solution = [...rightSide]
    for (const [row, values] of lower.entries()) {
      for (let index = 0; index < row; index++)
        solution[row] = at(solution, row) - at(values, index) * at(solution, index)
      solution[row] = at(solution, row) / at(values, row)
    }
    for (let row = lower.length - 1; row >= 0; row--) {
      for (let index = row + 1; index < lower.length; index++)
        solution[row] = at(solution, row) - at(lower[index] ?? [], row) * at(solution, index)
      solution[row] = at(solution, row) / at(lower[row] ?? [], row)
    }
    return solution
  })
}

function identity(size: number): number[][] {
  return Array.from({ length: size }, (_, row) => Array.from({ length: size }, (_, column) => Number(row === column)))
}

function at(values: readonly number[], index: number): number {
  return values[index] ?? 0
}
