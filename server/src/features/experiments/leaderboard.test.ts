import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Contest, fitBradleyTerry } from './bradley-terry.ts'
import { type ModelVote, rateModels } from './leaderboard.ts'

/** Random numbers from 0 to 1 that are the same on every run. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const chanceOf = (logOdds: number) => 1 / (1 + Math.exp(-logOdds))

const anyContests = fc.integer({ min: 2, max: 6 }).chain((players) =>
  fc.record({
    players: fc.constant(players),
    contests: fc.array(
      fc.record({
        first: fc.integer({ min: 0, max: players - 1 }),
        second: fc.integer({ min: 0, max: players - 1 }),
        outcome: fc.constantFrom(0, 0.5, 1),
        covariate: fc.double({ min: -3, max: 3, noNaN: true }),
      }),
      { maxLength: 60 },
    ),
  }),
)

const anyVotes = fc.array(
  fc.record({
    firstModel: fc.constantFrom('a', 'b', 'c', 'd'),
    secondModel: fc.constantFrom('a', 'b', 'c', 'd'),
    outcome: fc.constantFrom<ModelVote['outcome']>('first', 'second', 'tie', 'both_bad'),
    firstCharacters: fc.integer({ min: 1, max: 10_000 }),
    secondCharacters: fc.integer({ min: 1, max: 10_000 }),
  }),
  { maxLength: 40 },
)

describe('Bradley-Terry strengths', () => {
  it('recover the known ones from simulated votes, within their intervals', () => {
    let inside = 0
    let all = 0
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1.5, max: 1.5, noNaN: true }), { minLength: 3, maxLength: 5 }),
        fc.integer(),
        (given, seed) => {
          const mean = given.reduce((sum, value) => sum + value, 0) / given.length
          const truth = given.map((value) => value - mean)
          const random = randomNumbers(seed)
          const contests = Array.from({ length: 2000 }, (): Contest => {
            const first = Math.floor(random() * truth.length)
            const second = (first + 1 + Math.floor(random() * (truth.length - 1))) % truth.length
            return { first, second, outcome: Number(random() < chanceOf((truth[first] ?? 0) - (truth[second] ?? 0))) }
          })
          const { strengths, errors } = fitBradleyTerry(truth.length, contests)
          truth.forEach((value, index) => {
            const strength = strengths[index] ?? Number.NaN
            expect(Math.abs(strength - value)).toBeLessThan(0.35)
            inside += Number(Math.abs(strength - value) <= 1.96 * (errors[index] ?? 0))
            all++
          })
        },
      ),
      { numRuns: 40, seed: 7 },
    )
    expect(inside / all).toBeGreaterThan(0.9)
  })

  it('are finite, sum to zero, and do not depend on the order of contests', () => {
    fc.assert(
      fc.property(anyContests, ({ players, contests }) => {
        const fit = fitBradleyTerry(players, contests)
        for (const value of [...fit.strengths, ...fit.errors, fit.covariateEffect])
          expect(Number.isFinite(value)).toBe(true)
        expect(fit.strengths.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 6)
        const reversed = fitBradleyTerry(players, [...contests].reverse())
        reversed.strengths.forEach((value, index) => {
          expect(value).toBeCloseTo(fit.strengths[index] ?? Number.NaN, 6)
        })
        expect(fitBradleyTerry(players, contests)).toEqual(fit)
      }),
    )
  })

  it('turn around when every contest is told from the other side, or every outcome is turned around', () => {
    fc.assert(
      fc.property(anyContests, ({ players, contests }) => {
        const fit = fitBradleyTerry(players, contests)
        const told = contests.map(({ first, second, outcome, covariate }) => ({
          first: second,
          second: first,
          outcome: 1 - outcome,
          covariate: -covariate,
        }))
        const lost = contests.map((contest) => ({ ...contest, outcome: 1 - contest.outcome }))
        const [same, opposite] = [fitBradleyTerry(players, told), fitBradleyTerry(players, lost)]
        fit.strengths.forEach((value, index) => {
          expect(same.strengths[index]).toBeCloseTo(value, 6)
          expect(opposite.strengths[index]).toBeCloseTo(-value, 6)
        })
      }),
    )
  })

  it('grow with wins, and stay finite for who never lost', () => {
    const wins = (count: number) => Array.from({ length: count }, (): Contest => ({ first: 0, second: 1, outcome: 1 }))
    const strength = (count: number) => fitBradleyTerry(2, wins(count)).strengths[0] ?? Number.NaN
    expect(strength(0)).toBe(0)
    expect(strength(1)).toBeGreaterThan(0)
    expect(strength(1)).toBeLessThan(strength(10))
    expect(strength(10)).toBeLessThan(strength(10_000))
    expect(strength(10_000)).toBeLessThan(6)
    const error = (count: number) =>
      fitBradleyTerry(2, [...wins(count), ...wins(count).map((one) => ({ ...one, outcome: 0 }))]).errors[0]
    expect(error(100)).toBeLessThan(error(10) ?? 0)
  })
})

describe('a leaderboard', () => {
  it('loses a pure preference for length when it is corrected for length', () => {
    const random = randomNumbers(11)
    const typical: Record<string, number> = { short: 200, middle: 500, long: 1200 }
    const names = Object.keys(typical)
    const lengthOf = (name: string) => Math.ceil((typical[name] ?? 0) * Math.exp(random() * 2 - 1))
    const votes = Array.from({ length: 6000 }, (): ModelVote => {
      const first = Math.floor(random() * 3)
      const second = (first + 1 + Math.floor(random() * 2)) % 3
      const [firstModel, secondModel] = [names[first] ?? '', names[second] ?? '']
      const [firstCharacters, secondCharacters] = [lengthOf(firstModel), lengthOf(secondModel)]
      const prefersFirst = random() < chanceOf(1.5 * Math.log(firstCharacters / secondCharacters))
      return { firstModel, secondModel, outcome: prefersFirst ? 'first' : 'second', firstCharacters, secondCharacters }
    })
    const { rows, pointsForDoubleLength } = rateModels(votes)
    expect(rows.map(({ modelName }) => modelName)).toEqual(['long', 'middle', 'short'])
    expect((rows[0]?.rating ?? 0) - (rows[2]?.rating ?? 0)).toBeGreaterThan(300)
    for (const { lengthCorrected } of rows) {
      expect(lengthCorrected.low).toBeLessThan(1000)
      expect(lengthCorrected.high).toBeGreaterThan(1000)
    }
    expect(pointsForDoubleLength).toBeCloseTo((1.5 * Math.LN2 * 400) / Math.LN10, -1.5)
  })

  it('counts every vote once for each side, ties and bad pairs as half a win, and a model against itself not at all', () => {
    fc.assert(
      fc.property(anyVotes, (votes) => {
        const board = rateModels(votes)
        expect(board.votes).toBe(votes.filter(({ firstModel, secondModel }) => firstModel !== secondModel).length)
        const sum = (count: (row: (typeof board.rows)[number]) => number) =>
          board.rows.reduce((total, row) => total + count(row), 0)
        expect(sum((row) => row.votes)).toBe(2 * board.votes)
        expect(sum((row) => row.wins)).toBe(sum((row) => row.losses))
        for (const row of board.rows) expect(row.wins + row.ties + row.losses + row.bothBad).toBe(row.votes)
        if (board.rows.length > 0) expect(sum((row) => row.rating) / board.rows.length).toBeCloseTo(1000, 3)
        const asTies = votes.map((vote) => (vote.outcome === 'both_bad' ? { ...vote, outcome: 'tie' as const } : vote))
        expect(rateModels(asTies).rows.map((row) => row.rating)).toEqual(board.rows.map((row) => row.rating))
        expect(rateModels(votes)).toEqual(board)
      }),
    )
  })

  it('is empty without votes', () => {
    expect(rateModels([])).toEqual({ votes: 0, pointsForDoubleLength: 0, rows: [] })
  })

  it('rates 50 models by 20,000 votes', () => {
    const random = randomNumbers(3)
    const model = () => `model ${Math.floor(random() * 50)}`
    const votes = Array.from(
      { length: 20_000 },
      (): ModelVote => ({
        firstModel: model(),
        secondModel: model(),
        outcome: random() < 0.5 ? 'first' : 'second',
        firstCharacters: 100,
        secondCharacters: 200,
      }),
    )
    expect(rateModels(votes).rows).toHaveLength(50)
  })
})
