import { child, childObject, childrenOf, itemsOf, type Node, textOf } from './node.ts'
import type { Problems } from './problem.ts'

/**
 * The address of an operation, by OpenAPI 3.1 §4.8.5: the first usable server of the nearest level that names any.
 *
 * @param levels operation, path and document, nearest first.
 * @param documentUrl what relative servers are relative to.
 * @returns absolute and without a slash at its end; undefined, with the problem said, when there is none.
 */
export function serverOf(
  levels: readonly Node[],
  documentUrl: string | undefined,
  problems: Problems,
): string | undefined {
  const level = levels.find((node) => itemsOf(child(node, 'servers')).length > 0)
  // Without any, it is where the document came from (OpenAPI 3.1 §4.8.1).
  const servers = level ? itemsOf(child(level, 'servers')) : [{ value: '/', pointer: '' }]
  for (const server of servers) {
    const url = absolute(fillVariables(server, problems), server, documentUrl, problems)
    if (url !== undefined) return url
  }
  return undefined
}

/** The same for Swagger 2.0: schemes, host and basePath; `https` where there is a choice. */
export function swaggerServerOf(
  operation: Node,
  root: Node,
  documentUrl: string | undefined,
  problems: Problems,
): string | undefined {
  const schemesNode = child(operation, 'schemes') ?? child(root, 'schemes')
  const schemes = itemsOf(schemesNode).map(({ value }) => value)
  const host = textOf(root, 'host')
  const basePath = textOf(root, 'basePath')
  const node = child(root, host === '' ? 'basePath' : 'host') ?? { value: '', pointer: '' }
  const scheme = schemes.includes('https') ? 'https' : schemes.includes('http') ? 'http' : undefined
  if (schemes.length > 0 && scheme === undefined) {
    problems.error(schemesNode!.pointer, `Of ${schemes.join(', ')} none is called.`, 'Only http and https are.')
    return undefined
  }
  const own =
    documentUrl !== undefined && URL.canParse(documentUrl) ? new URL(documentUrl).protocol.slice(0, -1) : 'https'
  const url = host === '' ? basePath || '/' : `${scheme ?? own}://${host}/${basePath.replace(/^\/+/, '')}`
  return absolute(url, node, documentUrl, problems)
}

/** A server's URL with its variables' defaults in their places. */
function fillVariables(server: Node, problems: Problems): string | undefined {
  const variables = childObject(server, 'variables')
  const known = new Map(childrenOf(variables))
  let isWhole = true
  const url = typeof server.value === 'string' ? server.value : textOf(server, 'url')
  const filled = url.replace(/\{([^{}]*)\}/g, (_, name: string) => {
    const variable = known.get(name)
    const choices = variable ? itemsOf(child(variable, 'enum')).map(({ value }) => String(value)) : []
    const given = variable && child(variable, 'default') ? textOf(variable, 'default') : choices[0]
    if (variable === undefined || given === undefined) {
      problems.error(
        variable?.pointer ?? `${server.pointer}/url`,
        `The server's variable ${name} has no default.`,
        `Add variables: { ${name}: { default: … } } to the server, or write the URL out.`,
      )
      isWhole = false
      return ''
    }
    if (choices.length > 0 && !choices.includes(given))
      problems.warn(
        `${variable.pointer}/default`,
        `The default ${given} is none of the values that the variable ${name} may have.`,
        `Use one of ${choices.join(', ')}.`,
      )
    return given
  })
  return isWhole ? filled : undefined
}

function absolute(
  text: string | undefined,
  server: Node,
  documentUrl: string | undefined,
  problems: Problems,
): string | undefined {
  if (text === undefined) return undefined
  const at = typeof server.value === 'string' ? server.pointer : `${server.pointer}/url`
  if (!URL.canParse(text, documentUrl)) {
    const isRelative = /^(?![a-z][a-z\d+.-]*:)/i.test(text)
    problems.error(
      at,
      at === ''
        ? 'The document names no server, and where it came from is not known.'
        : isRelative
          ? `The server ${JSON.stringify(text)} is relative, and where the document came from is not known.`
          : `The server ${JSON.stringify(text)} is not a URL.`,
      'Give an absolute URL such as https://api.example.com/v1, or import the document by its own URL.',
    )
    return undefined
  }
  const url = new URL(text, documentUrl)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    problems.error(at, `The server's scheme ${url.protocol.slice(0, -1)} is not called.`, 'Only http and https are.')
    return undefined
  }
  if (url.username !== '' || url.password !== '') {
    problems.error(
      at,
      "The server's URL holds a user name or password.",
      'Leave them out and add a credential instead.',
    )
    return undefined
  }
  if (url.search !== '' || url.hash !== '')
    problems.warn(at, "What follows ? or # in the server's URL was left out.", 'Make it a parameter of the operations.')
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}
