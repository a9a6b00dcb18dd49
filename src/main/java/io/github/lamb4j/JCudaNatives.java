package io.github.lamb4j;

import io.github.lamb4j.internal.cuda.driver.NativeLibraries;

/**
 * JCuda's native libraries.
 *
 * <p>If a library is not on {@code java.library.path}, JCuda unpacks it from its natives jar to
 * {@code java.io.tmpdir}, directly to its final name. When several Java processes start at the same
 * time, one can load a library that another is still writing, and crash with {@code SIGBUS}. {@link
 * #unpack} writes each library to a temporary file and then renames it, so that no process sees an
 * incomplete library.
 *
 * <p>lamb4j calls it before its own first use of JCuda. A program that uses JCuda earlier calls it
 * at the start of {@code main}. The protection is complete if every process on the host that uses
 * the same temporary directory does so.
 */
public final class JCudaNatives {

  private JCudaNatives() {}

  /**
   * Unpacks the native libraries of JCuda's driver, runtime, NVRTC, cuBLAS, cuDNN, cuFFT, cuRAND,
   * cuSOLVER, cuSPARSE and nvGRAPH bindings that are on the class path, in the version of JCuda's
   * classes. The 24 MB library of the PTX compiler bindings is left to JCuda. Also works on the
   * module path, where JCuda itself does not find its natives jar.
   *
   * <p>A file that already has the expected content is kept; an incomplete or different one is
   * replaced. Does nothing without JCuda, without its natives jar, or if the directory is not
   * writable. Runs once per process and may be called by any thread.
   *
   * @throws IllegalStateException if a different file has the name of a library and cannot be
   *     replaced, for example because it belongs to another user
   */
  public static void unpack() {
    NativeLibraries.unpack();
  }
}
