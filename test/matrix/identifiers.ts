/** Every form of text by which a request can name a key, right and wrong ("Key identifiers (KeyId)", AWS KMS Developer Guide). */
import { account, otherAccount } from '../support/in-process-kms.ts'
import { aliasArn, keyArn, region, type Specimen } from './specimens.ts'

export type Form =
  | 'id'
  | 'ARN'
  | 'alias'
  | 'alias ARN'
  /** Well-formed, and there is no such key. */
  | 'unknown'
  | 'unknown alias'
  | 'malformed'
  /** Not an ARN of KMS. */
  | 'malformed ARN'
  | 'ARN of elsewhere'
  /** Of another account, where it does not exist or its policy does not allow the caller. */
  | 'foreign ARN'
  | 'foreign alias ARN'
  | 'empty'
  | 'too long'

export interface Identifier {
  readonly form: Form
  readonly text: string
  /** The ARN of what it would name; of `ARN of elsewhere` the Region that it is of. */
  readonly of: string
}

export const unknownId = '00000000-0000-4000-8000-000000000000'
export const longText = 'a'.repeat(2049)

/** The right names of `key`. */
export function rightNames({ id, arn, alias, aliasArn: its, account: owner }: Specimen): readonly Identifier[] {
  const everywhere = [
    { form: 'ARN', text: arn, of: arn },
    { form: 'alias ARN', text: its, of: its },
  ] as const
  if (owner !== account) return everywhere
  return [...everywhere, { form: 'id', text: id, of: arn }, { form: 'alias', text: alias, of: its }]
}

/** The wrong ones, most of them but a little away from those of `key`; `foreign` is another account's and not for the caller. */
export function wrongNames(key: Specimen, foreign: Specimen): readonly Identifier[] {
  const all = (form: Form, ...texts: readonly (readonly [string, string?])[]): readonly Identifier[] =>
    texts.map(([text, of = text]) => ({ form, text, of }))
  const at = (partition: string, where: string, resource: string): readonly [string, string] => [
    `arn:${partition}:kms:${where}:${account}:${resource}`,
    where,
  ]
  return [
    ...all('unknown', [unknownId, keyArn(unknownId)], [keyArn(unknownId)], [foreign.id, keyArn(foreign.id)]),
    ...all('unknown alias', ['alias/nobody', aliasArn('alias/nobody')], [aliasArn('alias/nobody')]),
    ...all('malformed', ['nonsense'], [key.id.toUpperCase()], [key.id.replaceAll('-', '')], ['mrk-nonsense']),
    ...all('malformed', [keyArn('nonsense')], [`${key.id} `], [`key/${key.id}`]),
    ...all('malformed ARN', ['arn:aws:kms'], [key.arn.replace(':kms:', ':s3:')], [keyArn(key.id, '1')]),
    ...all('ARN of elsewhere', at('aws', 'us-east-1', `key/${key.id}`), at('aws', 'us-east-1', key.alias)),
    ...all('ARN of elsewhere', at('aws-cn', 'cn-north-1', `key/${key.id}`), at('aws-us-gov', region, `key/${key.id}`)),
    ...all('foreign ARN', [keyArn(unknownId, otherAccount)], [foreign.arn], [keyArn(key.id, otherAccount)]),
    ...all('foreign alias ARN', [aliasArn('alias/nobody', otherAccount)], [foreign.aliasArn]),
    ...all('empty', ['']),
    ...all('too long', [longText]),
  ]
}
