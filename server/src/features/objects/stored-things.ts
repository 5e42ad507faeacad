import type { Database } from '../../db/open.ts'
import type { WeaveProjects } from '../weave/project-access.ts'
import type { RefAccess } from '../weave/ref-access.ts'
import { FileService } from './file-service.ts'
import { FileStore } from './file-store.ts'
import { LabelService } from './label-service.ts'
import { LabelStore } from './label-store.ts'
import { ObjectService } from './object-service.ts'
import { ObjectStore } from './object-store.ts'
import { type FindCall, RefReader } from './ref-reader.ts'
import { TableService } from './table-service.ts'
import { TableStore } from './table-store.ts'
import { TypedObjects } from './typed-objects.ts'

/** Builds what the Weave dialect stores by digest: objects and their labels, tables, files, and what refs lead to. */
export function createStoredThings(deps: {
  database: Pick<Database, 'db' | 'kind' | 'batch'>
  projects: WeaveProjects
  refs: RefAccess
  findCall: FindCall
  now: () => Date
}) {
  const { database, projects } = deps
  const objectStore = new ObjectStore(database)
  const labelStore = new LabelStore(database)
  const tableStore = new TableStore(database)
  const objects = new ObjectService({ store: objectStore, labels: labelStore, ...deps })
  const tables = new TableService({ store: tableStore, ...deps })
  const files = new FileService({ store: new FileStore(database), ...deps })
  return {
    objects,
    labels: new LabelService({ labels: labelStore, objects: objectStore, projects }),
    tables,
    files,
    typed: new TypedObjects({ objects, tables, files }),
    refs: new RefReader({ objects, tables: tableStore, ...deps }),
  }
}
