package io.github.lamb4j.tools.bench;

import java.util.Locale;

/**
 * What a model takes and what there is, found out before anything is allocated.
 *
 * @param needed bytes
 * @param available bytes
 * @param of what kind of memory that is
 */
record MemoryNeed(long needed, long available, String of) {

  /** As large as the weights, but larger than the caches and no larger than it takes. */
  static long copyBytes(long parameters, long lastCache) {
    long most = 1L << 30;
    return Math.min(most, Math.max(parameters * Float.BYTES, 4 * lastCache)) & -Float.BYTES;
  }

  boolean fits() {
    return needed <= available;
  }

  String inWords() {
    return String.format(
        Locale.ROOT, "%,d MiB of %s; %,d are available", needed >> 20, of, available >> 20);
  }

  IllegalStateException refusal(ModelShapes model) {
    return new IllegalStateException(
        "%s needs %d bytes of %s, %d are available: give a smaller --model"
            .formatted(model.name(), needed, of, available));
  }
}
