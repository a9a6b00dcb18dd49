package io.github.lamb4j.internal.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The compiled kernels: the PTX text that is committed in {@code kernels/}. */
public final class Kernels {

  /** The oldest driver that accepts the PTX: {@code .version 6.0} requires CUDA 9.0. */
  static final int MIN_DRIVER_VERSION = 9000;

  /** The minimum compute capability times ten: {@code .target sm_70}. */
  static final int MIN_COMPUTE_CAPABILITY = 70;

  private static final String RESOURCE = "/io/github/lamb4j/kernels/lamb.ptx";

  private Kernels() {}

  /** The PTX text, terminated by the zero byte that the driver requires. */
  public static byte[] ptx() {
    try (InputStream in = Kernels.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException(
            RESOURCE + " is missing from the class path: the jar is incomplete; build it again");
      }
      byte[] text = in.readAllBytes();
      return Arrays.copyOf(text, text.length + 1);
    } catch (IOException e) {
      throw new UncheckedIOException(RESOURCE + " cannot be read", e);
    }
  }

  /** The PTX version and target. */
  public static String describe() {
    String text = new String(ptx(), StandardCharsets.US_ASCII);
    return "PTX " + directive(text, "version") + " for " + directive(text, "target") + " and later";
  }

  private static String directive(String text, String name) {
    String start = "." + name + " ";
    return text.lines()
        .filter(line -> line.startsWith(start))
        .findFirst()
        .orElseThrow()
        .substring(start.length());
  }
}
