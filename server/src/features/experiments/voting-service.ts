import { AppError, InvalidRequestError, NotFoundError } from '../../errors.ts'
import type { Person } from '../accounts/person.ts'
import type { ClassService } from '../classes/service.ts'
import { type BlindAnswer, type BlindPair, blindAnswers, blindPairs, isVotable } from './blind.ts'
import { type Leaderboard, rateModels } from './leaderboard.ts'
import type { AnsweredVariant, ExperimentService, WholeExperiment } from './service.ts'
import type { Vote, VoteStore } from './vote-store.ts'

export type Outcome = 'left' | 'right' | 'tie' | 'both_bad'

type BlindVote = BlindPair & { outcome: Outcome; votedAt: string }

/** Which answers a vote is about, by the ids that the voter knows them by. */
export type PairIds = { leftAnswerId: string; rightAnswerId: string }

/** An answer whose variant may be known now. */
export type RevealedAnswer = BlindAnswer & { variant: AnsweredVariant }

/** Judging answers without knowing whose they are, and what follows from it for models. */
export class VotingService {
  readonly #votes: VoteStore
  readonly #experiments: ExperimentService
  readonly #classes: ClassService
  readonly #key: Buffer
  readonly #now: () => Date

  /** @param deps `key` hides whose answers are whose: who knows it can tell. */
  constructor(deps: {
    votes: VoteStore
    experiments: ExperimentService
    classes: ClassService
    key: Buffer
    now: () => Date
  }) {
    this.#votes = deps.votes
    this.#experiments = deps.experiments
    this.#classes = deps.classes
    this.#key = deps.key
    this.#now = deps.now
  }

  /**
   * The answers that can be judged, the pairs that this person has not judged yet, and their votes so far.
   *
   * @throws {NotFoundError} if the person may not vote on it.
   * @throws {AppError} `experiment_running`: names would move while answers come in.
   */
  async blind(person: Person, experimentId: number) {
    const whole = await this.#experiments.readToVote(person, experimentId)
    const { answers, blindfold } = this.#ended(person, whole)
    const votable = answers.filter(({ response }) => isVotable(response))
    const pairs = blindPairs(votable, blindfold)
    const given = await this.#votes.list(keyOf(person, whole))
    const voteOn = ({ left, right }: BlindPair) => {
      const [first, second] = inOrder(left, right)
      const vote = given.find(
        (one) =>
          one.firstResponseId === first.response.responseId && one.secondResponseId === second.response.responseId,
      )
      return vote && { outcome: fromStored(vote.outcome, left === first), votedAt: vote.votedAt }
    }
    return {
      promptText: whole.turn.promptText,
      answers: votable,
      toJudge: pairs.filter((pair) => !voteOn(pair)),
      votes: pairs.flatMap((pair): BlindVote[] => {
        const vote = voteOn(pair)
        return vote ? [{ ...pair, ...vote }] : []
      }),
    }
  }

  /**
   * Says which of two answers is better, in place of what this person has said of them before, and reveals them.
   *
   * @throws {NotFoundError} if the person may not vote on the experiment, or it has no such answers.
   * @throws {InvalidRequestError} `same_answer`, `same_variant`, `answer_not_votable`, `class_not_active`.
   * @throws {AppError} `experiment_running`.
   */
  async vote(person: Person, experimentId: number, ids: PairIds, outcome: Outcome) {
    const whole = await this.#experiments.readToVote(person, experimentId)
    await this.#classes.getRunnable(person, whole.experiment.classId)
    const { left, right } = this.#pair(person, whole, ids)
    if (left.variant === right.variant)
      throw new InvalidRequestError('same_variant', 'These are answers of the same variant.')
    for (const answer of [left, right])
      if (!isVotable(answer.response))
        throw new InvalidRequestError(
          'answer_not_votable',
          `Answer ${answer.name} has not been completed or says nothing.`,
        )
    const [first, second] = inOrder(left, right)
    const votedAt = this.#now().toISOString()
    await this.#votes.put({
      ...keyOf(person, whole),
      firstResponseId: first.response.responseId,
      secondResponseId: second.response.responseId,
      outcome: toStored(outcome, left === first),
      firstModel: first.response.modelName,
      secondModel: second.response.modelName,
      firstCharacters: first.response.text.length,
      secondCharacters: second.response.text.length,
      votedAt,
    })
    return { left, right, outcome, votedAt }
  }

  /**
   * Takes one's vote on two answers back.
   *
   * @throws {NotFoundError} if the person may not vote on the experiment, or has not voted on these.
   * @throws {InvalidRequestError} `class_not_active`.
   */
  async undo(person: Person, experimentId: number, ids: PairIds): Promise<void> {
    const whole = await this.#experiments.readToVote(person, experimentId)
    await this.#classes.getRunnable(person, whole.experiment.classId)
    const { left, right } = this.#pair(person, whole, ids)
    const [first, second] = inOrder(left, right)
    const isRemoved = await this.#votes.remove(
      keyOf(person, whole),
      first.response.responseId,
      second.response.responseId,
    )
    if (!isRemoved) throw new NotFoundError('vote', `${ids.leftAnswerId} ${ids.rightAnswerId}`)
  }

  /** How the models of a class compare in all its votes. @throws {NotFoundError} if the person is not in the class. */
  async leaderboard(person: Person, classId: number): Promise<Leaderboard> {
    await this.#classes.getReadable(person, classId)
    return rateModels(await this.#votes.listOfClass(classId))
  }

  #pair(person: Person, whole: WholeExperiment, ids: PairIds): { left: RevealedAnswer; right: RevealedAnswer } {
    const { answers } = this.#ended(person, whole)
    const [left, right] = [ids.leftAnswerId, ids.rightAnswerId].map((answerId) => {
      const answer = answers.find((one) => one.answerId === answerId)
      const variant = whole.variants.find(({ revision }) => revision === answer?.response.revision)
      if (!answer || !variant) throw new NotFoundError('answer', answerId)
      return { ...answer, variant }
    }) as [RevealedAnswer, RevealedAnswer]
    if (left.answerId === right.answerId)
      throw new InvalidRequestError('same_answer', 'An answer cannot be compared with itself.')
    return { left, right }
  }

  #ended(person: Person, { experiment, turn, variants }: WholeExperiment) {
    if (turn.status === 'running')
      throw new AppError('conflict', 'experiment_running', 'It is still being answered; wait for it or stop it.')
    const blindfold = { personId: person.personId, experimentId: experiment.experimentId, key: this.#key }
    const responses = variants.flatMap((variant) => variant.responses)
    return { blindfold, answers: blindAnswers(responses, blindfold) }
  }
}

function keyOf(person: Person, { experiment }: WholeExperiment) {
  return { classId: experiment.classId, sessionId: experiment.sessionId, personId: person.personId }
}

function inOrder<Answer extends BlindAnswer>(left: Answer, right: Answer): [Answer, Answer] {
  return left.response.responseId < right.response.responseId ? [left, right] : [right, left]
}

function toStored(outcome: Outcome, isLeftFirst: boolean): Vote['outcome'] {
  if (outcome === 'tie' || outcome === 'both_bad') return outcome
  return (outcome === 'left') === isLeftFirst ? 'first' : 'second'
}

function fromStored(outcome: Vote['outcome'], isLeftFirst: boolean): Outcome {
  if (outcome === 'tie' || outcome === 'both_bad') return outcome
  return (outcome === 'first') === isLeftFirst ? 'left' : 'right'
}
