/** What a dry run ends with when nothing was wrong with the request ("Testing your permissions", AWS KMS Developer Guide). */
export const dryRunMessage = 'The request would have succeeded, but the DryRun option is set.'
