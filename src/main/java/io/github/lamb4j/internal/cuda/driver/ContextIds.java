package io.github.lamb4j.internal.cuda.driver;

import static java.lang.invoke.MethodType.methodType;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.OptionalLong;
import jcuda.driver.CUcontext;
import jcuda.driver.JCudaDriver;

/**
 * Numbers that identify contexts. A handle does not: a context may get the handle of an earlier one
 * that was destroyed, for example by {@code cudaDeviceReset}.
 */
final class ContextIds {

  /** The first CUDA version whose driver numbers contexts: 12.0. */
  private static final int FIRST_VERSION = 12_000;

  /** Null before JCuda 12. */
  private static final MethodHandle CU_CTX_GET_ID = find();

  private ContextIds() {}

  private static MethodHandle find() {
    try {
      return MethodHandles.publicLookup()
          .findStatic(
              JCudaDriver.class,
              "cuCtxGetId",
              methodType(int.class, CUcontext.class, long[].class));
    } catch (ReflectiveOperationException e) {
      return null;
    }
  }

  /**
   * The number of a context, which no other context of this process ever has; empty if JCuda or the
   * driver cannot tell.
   */
  static OptionalLong of(CUcontext context, int driverVersion) {
    if (CU_CTX_GET_ID == null || driverVersion < FIRST_VERSION) {
      return OptionalLong.empty(); // calling a function that the driver lacks would end the process
    }
    long[] id = new long[1];
    int code = Results.codeOf(() -> call(context, id));
    return code == 0 ? OptionalLong.of(id[0]) : OptionalLong.empty();
  }

  private static int call(CUcontext context, long[] id) {
    try {
      return (int) CU_CTX_GET_ID.invokeExact(context, id);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("cuCtxGetId declares no checked exception", e);
    }
  }
}
