import { describe, expect, it } from 'vitest'
import { testDatabases } from './testing.ts'

describe.each(testDatabases)('a database on $name', ({ open }) => {
  it('has class 1 from the first migration on', async () => {
    const { db } = await open()

    const classes = await db.selectFrom('classes').selectAll().execute()

    expect(classes).toMatchObject([{ class_id: 1, slug: 'practice', status: 'active', allowed_models: null }])
  })

  it('returns JSON columns parsed', async () => {
    const { db } = await open()

    const inserted = await db
      .updateTable('classes')
      .set({ allowed_models: JSON.stringify(['a', '한']) })
      .returning(['allowed_models as models', 'slug'])
      .execute()
    const selected = await db.selectFrom('classes').select(['class_id', 'allowed_models']).execute()

    expect(inserted).toEqual([{ models: ['a', '한'], slug: 'practice' }])
    expect(selected).toEqual([{ class_id: 1, allowed_models: ['a', '한'] }])
  })
})
