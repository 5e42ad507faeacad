import type { Language } from './words.ts'

type Phrases = {
  /** How an extracted answer begins; which one is a matter of the seed. */
  leads: readonly [string, ...string[]]
  /** How a summary begins. */
  summaries: readonly [string, ...string[]]
  /** How an answer from tools begins. */
  toolLeads: readonly [string, ...string[]]
  outlineTitle: string
  keywords: string
  greeting: string
  /** Said when nothing fits: what these models are, and what they can do. */
  nothing: { what: string; can: readonly string[]; canLead: string; advice: string }
  /** Stands in JSON where a text is wanted and nothing fits. */
  noText: string
}

export const PHRASES: Record<Language, Phrases> = {
  en: {
    leads: ['What I was given says:', 'In the text that I was given:', 'The passages that fit best:'],
    summaries: ['In short:', 'The main points:'],
    toolLeads: ['The tool answered:', 'According to the tool:'],
    outlineTitle: 'Outline of what fits',
    keywords: 'Matching words',
    greeting: 'Hello!',
    nothing: {
      what: 'I am an offline model. I run inside this server, without the internet and without knowledge of the world, and nothing in our conversation answers this.',
      canLead: 'What I can do:',
      can: [
        'answer questions about a text that you paste or about knowledge that is attached',
        'summarise a text that you paste',
        'follow examples that are given before the question',
        'call tools whose words fit the question, and fill simple JSON',
      ],
      advice: 'For anything else, choose a model of a real provider; an administrator adds those in etude.config.json.',
    },
    noText: '(offline model: nothing that was given fits)',
  },
  ko: {
    leads: [
      '주어진 내용에 따르면 다음과 같습니다.',
      '제가 받은 글에는 이렇게 나와 있습니다.',
      '가장 잘 맞는 부분은 다음과 같습니다.',
    ],
    summaries: ['요약하면 다음과 같습니다.', '핵심은 다음과 같습니다.'],
    toolLeads: ['도구의 응답은 다음과 같습니다.', '도구에 따르면 다음과 같습니다.'],
    outlineTitle: '맞는 내용 개요',
    keywords: '일치한 말',
    greeting: '안녕하세요!',
    nothing: {
      what: '저는 오프라인 모델입니다. 인터넷과 세상에 대한 지식 없이 이 서버 안에서만 동작하며, 지금까지의 대화에는 이 질문에 대한 답이 없습니다.',
      canLead: '제가 할 수 있는 일:',
      can: [
        '붙여 넣은 글이나 연결된 지식에 관한 질문에 답하기',
        '붙여 넣은 글 요약하기',
        '질문 앞에 주어진 예시를 따라 답하기',
        '질문과 말이 맞는 도구를 호출하고 간단한 JSON 채우기',
      ],
      advice: '그 밖의 질문에는 실제 제공자의 모델을 선택해 주세요. 관리자가 etude.config.json에 추가할 수 있습니다.',
    },
    noText: '(오프라인 모델: 주어진 내용에 맞는 것이 없습니다)',
  },
  ja: {
    leads: [
      '与えられた内容には次のようにあります。',
      '受け取った文章によると次のとおりです。',
      '最もよく合う箇所は次のとおりです。',
    ],
    summaries: ['要約すると次のとおりです。', '要点は次のとおりです。'],
    toolLeads: ['ツールの応答は次のとおりです。', 'ツールによると次のとおりです。'],
    outlineTitle: '合う内容の概要',
    keywords: '一致した語',
    greeting: 'こんにちは！',
    nothing: {
      what: '私はオフラインモデルです。インターネットも世界の知識もなく、このサーバーの中だけで動いています。これまでの会話には、この質問の答えがありません。',
      canLead: '私にできること：',
      can: [
        '貼り付けられた文章や、付けられた知識についての質問に答える',
        '貼り付けられた文章を要約する',
        '質問の前に示された例にならって答える',
        '質問と語が合うツールを呼び出し、簡単なJSONを埋める',
      ],
      advice:
        'それ以外の質問には、実際のプロバイダーのモデルを選んでください。管理者が etude.config.json に追加できます。',
    },
    noText: '（オフラインモデル：与えられた内容に合うものがありません）',
  },
}

/** Whether a text looks like an answer that an offline model has composed. */
export function isOfflineAnswer(text: string): boolean {
  return Object.values(PHRASES).some(
    (phrases) =>
      [...phrases.leads, ...phrases.summaries, ...phrases.toolLeads].some((lead) => text.startsWith(lead)) ||
      text.startsWith(`### ${phrases.outlineTitle}`) ||
      text.includes(phrases.nothing.what),
  )
}
