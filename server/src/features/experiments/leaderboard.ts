import { type Contest, fitBradleyTerry, type Strengths } from './bradley-terry.ts'

/** Who was better in a blind comparison of two models, and how long their answers were. */
export type ModelVote = {
  firstModel: string
  secondModel: string
  outcome: 'first' | 'second' | 'tie' | 'both_bad'
  firstCharacters: number
  secondCharacters: number
}

/** 1000 is average; 400 more is ten to one. The interval holds the truth 95 times in 100. */
export type Rating = { rating: number; low: number; high: number }

type LeaderboardRow = Rating & {
  modelName: string
  /** As if all answers had been of the same length. */
  lengthCorrected: Rating
  votes: number
  wins: number
  ties: number
  losses: number
  bothBad: number
}

export type Leaderboard = {
  votes: number
  /** Points of rating that an answer gains by being twice as long as the other. */
  pointsForDoubleLength: number
  /** The best first. */
  rows: LeaderboardRow[]
}

const AVERAGE = 1000
const POINTS_PER_LOG_ODDS = 400 / Math.LN10
const STANDARD_ERRORS_95 = 1.96

/**
 * Rates models by votes. A tie is half a win for each, and so is a vote that both were bad: it says no more than that
 * neither was better. Votes between a model and itself say nothing and are left out.
 */
export function rateModels(votes: readonly ModelVote[]): Leaderboard {
  const counted = votes.filter(({ firstModel, secondModel }) => firstModel !== secondModel)
  const names = [...new Set(counted.flatMap(({ firstModel, secondModel }) => [firstModel, secondModel]))].sort()
  const indexes = new Map(names.map((name, index) => [name, index]))
  const contests = counted.map((vote) => ({
    first: indexes.get(vote.firstModel) ?? 0,
    second: indexes.get(vote.secondModel) ?? 0,
    outcome: OUTCOMES[vote.outcome],
    covariate: logLengthRatio(vote),
  }))
  const plain = fitBradleyTerry(names.length, together(contests.map((contest) => ({ ...contest, covariate: 0 }))))
  const corrected = fitBradleyTerry(names.length, together(contests))
  const rows = names.map((modelName, index) => ({
    modelName,
    ...ratingOf(plain, index),
    lengthCorrected: ratingOf(corrected, index),
    ...countsOf(modelName, counted),
  }))
  return {
    votes: counted.length,
    pointsForDoubleLength: corrected.covariateEffect * Math.LN2 * POINTS_PER_LOG_ODDS,
    rows: rows.sort((a, b) => b.rating - a.rating),
  }
}

const OUTCOMES = { first: 1, second: 0, tie: 0.5, both_bad: 0.5 } as const

/** To a sixteenth, so that most of many votes are the same contest. */
function logLengthRatio({ firstCharacters, secondCharacters }: ModelVote): number {
  return Math.round(16 * Math.log(Math.max(firstCharacters, 1) / Math.max(secondCharacters, 1))) / 16
}

/** The same contests held once, with how often they were: fitting takes as long as there are different ones. */
function together(contests: readonly Required<Omit<Contest, 'times'>>[]): Contest[] {
  const different = new Map<string, Contest & { times: number }>()
  for (const contest of contests) {
    // Told from the side of the smaller number, so that both ways of telling it are one.
    const told =
      contest.first < contest.second
        ? contest
        : {
            first: contest.second,
            second: contest.first,
            outcome: 1 - contest.outcome,
            covariate: -contest.covariate,
          }
    const key = `${told.first} ${told.second} ${told.outcome} ${told.covariate}`
    const known = different.get(key)
    if (known) known.times++
    else different.set(key, { ...told, times: 1 })
  }
  return [...different.values()]
}

function ratingOf({ strengths, errors }: Strengths, index: number): Rating {
  const rating = AVERAGE + (strengths[index] ?? 0) * POINTS_PER_LOG_ODDS
  const margin = (errors[index] ?? 0) * POINTS_PER_LOG_ODDS * STANDARD_ERRORS_95
  return { rating, low: rating - margin, high: rating + margin }
}

function countsOf(modelName: string, votes: readonly ModelVote[]) {
  const counts = { votes: 0, wins: 0, ties: 0, losses: 0, bothBad: 0 }
  for (const { firstModel, secondModel, outcome } of votes) {
    if (firstModel !== modelName && secondModel !== modelName) continue
    counts.votes++
    if (outcome === 'tie') counts.ties++
    else if (outcome === 'both_bad') counts.bothBad++
    else if ((outcome === 'first') === (firstModel === modelName)) counts.wins++
    else counts.losses++
  }
  return counts
}
