package io.github.lamb4j.internal.cuda.driver;

import static jcuda.driver.JCudaDriver.cuLaunchKernel;

import io.github.lamb4j.error.CudaException;
import java.nio.ByteBuffer;
import jcuda.Pointer;
import jcuda.driver.CUfunction;

/**
 * A launch through JCuda. The argument list is built once, of direct buffers: JCuda would pin
 * arrays and block the garbage collector during every launch.
 */
final class JCudaLaunch implements CudaDriver.Launch {

  private final CUfunction function;
  private final String name;
  private final int grid;
  private final int threads;
  private final int sharedBytes;
  private final Pointer arguments;

  JCudaLaunch(
      CUfunction function,
      String name,
      int grid,
      int threads,
      int sharedBytes,
      ByteBuffer[] arguments) {
    this.function = function;
    this.name = name;
    this.grid = grid;
    this.threads = threads;
    this.sharedBytes = sharedBytes;
    Pointer[] pointers = new Pointer[arguments.length];
    for (int i = 0; i < arguments.length; i++) {
      pointers[i] = Pointer.to(arguments[i]);
    }
    this.arguments = Pointer.to(pointers);
  }

  @Override
  public void enqueue(CudaStream stream) {
    int code;
    try {
      code =
          cuLaunchKernel(
              function, grid, 1, 1, threads, 1, 1, sharedBytes, stream.handle(), arguments, null);
    } catch (jcuda.CudaException e) {
      code = Results.codeOf(e);
    }
    if (code != 0) {
      throw new CudaException(
          "cuLaunchKernel", code, Results.nameOf(code), "launching kernel " + name);
    }
  }
}
