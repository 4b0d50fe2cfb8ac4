// The moment that the person points at: one for all charts of a page, so that each
// marks the same bucket.

class Pointer {
  /** The start of the bucket, or undefined where none is pointed at. */
  at = $state<number | undefined>(undefined);
}

export const pointer = new Pointer();
