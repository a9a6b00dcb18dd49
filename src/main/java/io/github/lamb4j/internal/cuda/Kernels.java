package io.github.lamb4j.internal.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The compiled kernels: the PTX text that is committed in {@code kernels/}. */
public final class Kernels {

  /** The least CUDA version of a driver that takes the PTX: {@code .version 6.0} is CUDA 9.0's. */
  static final int LEAST_DRIVER_VERSION = 9000;

  /** The least compute capability, ten times over: {@code .target sm_70}. */
  static final int LEAST_COMPUTE_CAPABILITY = 70;

  private static final String RESOURCE = "/io/github/lamb4j/kernels/lamb.ptx";

  private Kernels() {}

  /** The PTX text, with the zero byte at its end that the driver needs. */
  public static byte[] ptx() {
    try (InputStream in = Kernels.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException(
            RESOURCE + " is missing from the class path: the jar is incomplete");
      }
      byte[] text = in.readAllBytes();
      return Arrays.copyOf(text, text.length + 1);
    } catch (IOException e) {
      throw new UncheckedIOException(RESOURCE + " cannot be read", e);
    }
  }

  /** The PTX's own version and target. */
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
