import { InvalidRequestError } from '../../errors.ts'
import type { ModelCatalog } from '../catalog/catalog.ts'

/**
 * Refuses a model that a class cannot ask.
 *
 * @param allowed logical names; null allows every model of the catalog.
 * @throws {InvalidRequestError} `unknown_model`, `model_not_allowed_for_class`.
 */
export function checkModel(catalog: Pick<ModelCatalog, 'find'>, allowed: readonly string[] | null, name: string): void {
  if (!catalog.find(name))
    throw new InvalidRequestError('unknown_model', `There is no model named ${JSON.stringify(name)}.`)
  if (allowed !== null && !allowed.includes(name))
    throw new InvalidRequestError(
      'model_not_allowed_for_class',
      `This class may not use the model ${JSON.stringify(name)}.`,
    )
}
