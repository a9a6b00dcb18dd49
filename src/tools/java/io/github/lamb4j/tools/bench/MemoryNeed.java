package io.github.lamb4j.tools.bench;

import java.util.Locale;

/**
 * The memory that a model needs and that is available, determined before anything is allocated.
 *
 * @param needed bytes needed
 * @param available bytes available
 * @param of the kind of memory
 */
record MemoryNeed(long needed, long available, String of) {

  /** The size of the copy: that of the weights, at least four times the cache, at most 1 GiB. */
  static long copyBytes(long parameters, long lastCache) {
    long most = 1L << 30;
    return Math.min(most, Math.max(parameters * Float.BYTES, 4 * lastCache)) & -Float.BYTES;
  }

  boolean fits() {
    return needed <= available;
  }

  String inWords() {
    return String.format(
        Locale.ROOT, "%,d MiB of %s, %,d MiB are available", needed >> 20, of, available >> 20);
  }

  IllegalStateException refusal(ModelShapes model) {
    return new IllegalStateException(
        "%s needs %d bytes of %s, %d are available: use a smaller --model"
            .formatted(model.name(), needed, of, available));
  }
}
