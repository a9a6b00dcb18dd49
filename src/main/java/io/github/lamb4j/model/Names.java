package io.github.lamb4j.model;

import java.nio.charset.StandardCharsets;

/** Names of parameters and groups. */
final class Names {

  private Names() {}

  /** Rejects names that a saved state, which is UTF-8, could not contain. */
  static void require(String what, String name) {
    if (name == null || name.isEmpty()) {
      throw new IllegalArgumentException(what + ": " + (name == null ? "null" : "empty"));
    }
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(name)) {
      throw new IllegalArgumentException(
          "%s %s: contains half of a surrogate pair, which no saved state could hold; use Unicode text"
              .formatted(what, name));
    }
  }
}
