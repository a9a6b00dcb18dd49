package io.github.lamb4j.tools.cli;

import io.github.lamb4j.internal.engine.StateMetadata;
import io.github.lamb4j.internal.files.Printable;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/**
 * Pairs weights with the state of the same step: both files carry the step and a digest of the
 * trained weights.
 */
final class Pairing {

  /** The keys in the metadata of both files. */
  private static final String DIGEST = "lamb4j.weights_sha256";

  /** The key in the metadata of the weights; the state has a key of its own for it. */
  private static final String STEP = "lamb4j.step";

  private Pairing() {}

  /** A digest of weights that does not depend on their order in the file. */
  static String digest(Map<String, Weights> weights) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("no SHA-256: use a complete Java runtime", e);
    }
    new TreeMap<>(weights).forEach((name, own) -> own.update(name, digest));
    return HexFormat.of().formatHex(digest.digest());
  }

  /** The metadata of the weights: theirs, and the pairing. */
  static Map<String, String> ofWeights(Map<String, String> metadata, long step, String digest) {
    Map<String, String> paired = new TreeMap<>(metadata);
    paired.put(STEP, Long.toString(step));
    paired.put(DIGEST, digest);
    return paired;
  }

  /** Adds the pairing to the metadata of the state. */
  static void ofState(Map<String, String> metadata, String digest) {
    metadata.put(DIGEST, digest);
  }

  /**
   * Refuses weights that were not written with the state, if the state says with which it was.
   *
   * @throws BadInput naming both files
   */
  static void require(
      Source params, Map<String, Weights> weights, String state, StateMetadata saved) {
    String expected = saved.extra(DIGEST).orElse(null);
    if (expected == null) {
      return;
    }
    String step = params.file().metadata().get(STEP);
    if (step != null && !step.equals(Long.toString(saved.step()))) {
      throw new BadInput(
          "%s has the weights of step %s, but %s is the state of step %d; pass the two that were written together, or use --override-state"
              .formatted(params, Printable.escape(step), state, saved.step()));
    }
    if (!expected.equals(digest(weights))) {
      throw new BadInput(
          "%s does not have the weights that were written with %s; pass the two that were written together, or use --override-state"
              .formatted(params, state));
    }
  }
}
