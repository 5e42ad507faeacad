import { InvalidRequestError } from '../../errors.ts'
import type { ModelRequest } from '../../models/language-model.ts'
import type { CatalogModel } from '../catalog/catalog.ts'

/**
 * Refuses what a model is known not to be able to do, which providers otherwise refuse in their own words or ignore.
 *
 * @throws {InvalidRequestError} `tools_not_supported`, `images_not_supported`, `json_not_supported`.
 */
export function checkCapabilities(
  { name, capabilities }: Pick<CatalogModel, 'name' | 'capabilities'>,
  { messages, tools, responseFormat }: ModelRequest,
): void {
  if (tools?.length && !capabilities.tools)
    throw new InvalidRequestError('tools_not_supported', `${name} cannot call tools.`)
  if (responseFormat && !capabilities.json)
    throw new InvalidRequestError('json_not_supported', `${name} cannot be held to a JSON format.`)
  if (!capabilities.images && messages.some(hasImage))
    throw new InvalidRequestError('images_not_supported', `${name} cannot see images.`)
}

function hasImage({ content }: ModelRequest['messages'][number]): boolean {
  return typeof content !== 'string' && content.some((part) => part.type === 'image')
}
