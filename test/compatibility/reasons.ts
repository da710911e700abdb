/**
 * Declared errors without a proof, each with its reason. The two kinds are apart: what no request can bring about, because
 * there is no such case, and what could happen and nothing in the tests has provoked yet.
 */

type Reasons = Readonly<Record<string, Readonly<Record<string, string>>>>

const everyState = 'the operation works in every key state that there is'

/** No request is ever answered these. */
export const never: Reasons = {
  CreateAlias: {
    InvalidAliasNameException: 'names that no alias can have are answered ValidationException, as AWS KMS does',
  },
  DeleteImportedKeyMaterial: { KMSInvalidStateException: everyState },
  DeleteAlias: { KMSInvalidStateException: everyState },
  EnableKey: { LimitExceededException: 'there is no limit of enabled keys' },
  GetKeyPolicy: { KMSInvalidStateException: everyState },
  GetKeyRotationStatus: { KMSInvalidStateException: everyState },
  GetPublicKey: {
    DisabledException: 'disabled keys answer their public key, as the key state table of the Developer Guide has it',
    InvalidKeyUsageException:
      'every asymmetric key has a public key; others are answered UnsupportedOperationException',
  },
  ListGrants: { KMSInvalidStateException: everyState },
  ListKeyPolicies: { KMSInvalidStateException: everyState },
  ListKeyRotations: { KMSInvalidStateException: everyState },
  ListRetirableGrants: {
    NotFoundException: 'principals are not looked up: of one that does not exist the list is empty',
  },
  PutKeyPolicy: {
    KMSInvalidStateException: everyState,
    UnsupportedOperationException:
      'the only case that AWS documents is a policy that is not named default: NotFoundException',
  },
  RetireGrant: { KMSInvalidStateException: everyState },
  RevokeGrant: { KMSInvalidStateException: everyState },
  TagResource: { LimitExceededException: 'a key with too many tags is answered TagException, as AWS KMS does' },
  UntagResource: { TagException: 'no key has a tag that may not be removed' },
}

/**
 * Errors that nothing in this version can bring about: the SDK sees them by a fault that the test profile injects, which shows
 * that each operation that declares them answers them, and no more.
 */
export const injectedOfAll: Readonly<Record<string, string>> = {
  DependencyTimeoutException:
    'it would be custom key stores that take too long, which are not supported; a database that cannot be written is KMSInternal',
  KeyUnavailableException: 'it would be custom key stores that cannot be reached, which are not supported',
}

/** Errors that could happen and that nothing has provoked yet, by operation. */
export const notYet: Reasons = {}

const keyStores = 'custom key stores are not supported'

/** Errors that AWS KMS declares and this version does not. */
export const undeclared: Reasons = {
  CreateKey: {
    CloudHsmClusterInvalidConfigurationException: keyStores,
    CustomKeyStoreInvalidStateException: keyStores,
    CustomKeyStoreNotFoundException: keyStores,
    XksKeyAlreadyInUseException: keyStores,
    XksKeyInvalidConfigurationException: keyStores,
    XksKeyNotFoundException: keyStores,
  },
  GenerateRandom: {
    CustomKeyStoreInvalidStateException: keyStores,
    CustomKeyStoreNotFoundException: keyStores,
  },
}
