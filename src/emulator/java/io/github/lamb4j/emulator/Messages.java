package io.github.lamb4j.emulator;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** What the last strong write of each location published. */
final class Messages {

  /** The knowledge that a strong write published, and its scope. */
  record Message(Knowledge knowledge, int block, boolean blockOnly) {}

  private final Map<Long, Message> messages = new HashMap<>();

  /** A filter: most locations have no message. */
  private final long[] published = new long[64];

  void clear() {
    messages.clear();
    Arrays.fill(published, 0);
  }

  /** The message of a location, or null. */
  Message get(long location) {
    return messages.get(location);
  }

  void put(long location, Message message) {
    int hash = hash(location);
    published[hash >>> 6] |= 1L << hash;
    messages.put(location, message);
  }

  void remove(long location) {
    int hash = hash(location);
    if ((published[hash >>> 6] >>> hash & 1) != 0) messages.remove(location);
  }

  /** Twelve bits: a word of the filter and a bit in it. */
  private static int hash(long location) {
    return Long.hashCode(location * 0x9e3779b97f4a7c15L) >>> 20;
  }
}
