/** What clients of AWS KMS find different, why it is so, and the test that shows it. */

export interface Difference {
  readonly what: string
  readonly why: string
  readonly shownBy: string
}

export const differences: readonly Difference[] = [
  {
    what: 'A change counts from its answer on, in every worker: there is no eventual consistency, and no need of grant tokens.',
    why: 'Workers see a revision of everything that they have cached.',
    shownBy: 'test/operations/create-grant.ts',
  },
  {
    what: 'RotateKeyOnDemand has rotated the key when it answers. GetKeyRotationStatus never has OnDemandRotationStartDate.',
    why: 'New material takes microseconds; there is nothing to wait for.',
    shownBy: 'test/operations/rotate-key-on-demand.ts',
  },
  {
    what:
      'ReplicateKey and UpdatePrimaryRegion have done it when they answer: no key is ever `Creating` or `Updating`, although ' +
      'ReplicateKey answers `Creating` as AWS does. Only Regions that the server was started with can have replicas.',
    why: 'All Regions of an installation are in one database.',
    shownBy: 'test/operations/multi-region.ts',
  },
  {
    what: "Ciphertexts of symmetric keys can't be exchanged with AWS KMS, in neither direction.",
    why: 'The format of AWS is not published. Ours begins with other bytes, so the two are never taken for one another.',
    shownBy: 'test/crypto/ciphertext-blob.test.ts',
  },
  {
    what:
      '`alias/aws/<service>` names no key until a service of this installation has made one. DescribeKey makes none, and ' +
      'ListAliases lists none that is missing.',
    why: 'AWS managed keys belong to services, and which there are differs from installation to installation.',
    shownBy: 'test/operations/rules.ts',
  },
  {
    what: 'Requests of more than 512 KiB are refused with RequestEntityTooLargeException and HTTP status 413.',
    why: 'AWS publishes no limit.',
    shownBy: 'test/gateway/http.test.ts',
  },
  {
    what: 'JSON bodies with a member twice, or with half of a surrogate pair, are refused with SerializationException.',
    why: 'What two readers can read in two ways is not a request.',
    shownBy: 'test/aws/json-decode.test.ts',
  },
  {
    what: 'DescribeKey answers InvalidGrantTokenException, and ListKeyPolicies InvalidMarkerException, which AWS does not model.',
    why: 'Both take such a member, and it can be wrong.',
    shownBy: 'test/kms/declarations.test.ts',
  },
  {
    what: 'Where a key is wrong in several ways its state is told first, then its usage, then the algorithm.',
    why: 'AWS does not say in which order it looks.',
    shownBy: 'test/matrix/matrix.test.ts',
  },
]
