/** Ids of the metrics that this program reports, of the table of metrics. */
export const METRIC_ID = {
  /** Frames were left out because the stack was too deep. */
  unwindErrStackLengthExceeded: 12,
  /** Samples that the kernel could not deliver. */
  perfEventLost: 67,
  /** Raw traces that were known. */
  knownTracesHit: 131,
  /** Raw traces that were new. */
  knownTracesMiss: 132,
  /** Named traces whose frames were reported before; frames that were found in the cache. */
  traceCacheHit: 205,
  /** Named traces whose frames were new; frames that were not in the cache. */
  traceCacheMiss: 206,
  /** Records of the ring buffer that could not be written. */
  bpfRingbufOutputErr: 291,
} as const;
