package io.github.lamb4j.emulator.jcuda;

import io.github.lamb4j.emulator.EmulatedDriver;
import io.github.lamb4j.emulator.EmulatedGpu;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import java.util.function.IntFunction;
import java.util.function.IntUnaryOperator;
import jcuda.CudaException;
import jcuda.NativePointerObject;
import jcuda.driver.CUstream;

/**
 * Calls of one of JCuda's APIs. As JCuda does, it returns error codes or, if enabled, throws them.
 * Calls of several threads run one after the other, because the emulator is not thread-safe. A
 * fault that a GPU might not detect is always thrown, as an EmulatorException.
 */
public final class Api {

  /** A call on the emulated GPU. */
  @FunctionalInterface
  public interface Call {
    /** Runs the call. */
    void on(EmulatedDriver gpu);
  }

  private static final Object LOCK = new Object();

  private final IntFunction<String> names;
  private final IntUnaryOperator codes;
  private final boolean usesPrimaryContext;
  private final ThreadLocal<Integer> lastError = ThreadLocal.withInitial(() -> 0);
  private volatile boolean exceptionsEnabled;

  /**
   * @param names the names of the API's codes
   * @param codes the API's code for a code of the driver
   * @param usesPrimaryContext whether the API makes the primary context current in a thread that
   *     has no current context, as the runtime API does
   */
  public Api(IntFunction<String> names, IntUnaryOperator codes, boolean usesPrimaryContext) {
    this.names = names;
    this.codes = codes;
    this.usesPrimaryContext = usesPrimaryContext;
  }

  /** Sets whether errors are thrown. */
  public void setExceptionsEnabled(boolean enabled) {
    exceptionsEnabled = enabled;
  }

  /** Runs a call and returns its code, or throws it if it is not 0 and exceptions are enabled. */
  public int call(Call call) {
    int code = 0;
    synchronized (LOCK) {
      try {
        EmulatedDriver gpu = EmulatedGpu.driver();
        if (usesPrimaryContext && gpu.currentContext() == 0) {
          gpu.makeCurrent(gpu.context());
        }
        call.on(gpu);
      } catch (io.github.lamb4j.error.CudaException e) {
        code = codes.applyAsInt(e.code());
      }
    }
    return result(code);
  }

  /** Returns a code, or throws it if it is not 0 and exceptions are enabled. */
  public int result(int code) {
    if (code != 0) {
      lastError.set(code);
    }
    return thrown(code);
  }

  /** The code of the thread's last call that failed, or 0; as a result. */
  public int lastError(boolean forget) {
    int code = lastError.get();
    if (forget) {
      lastError.set(0);
    }
    return thrown(code);
  }

  private int thrown(int code) {
    if (code != 0 && exceptionsEnabled) {
      throw new CudaException(names.apply(code));
    }
    return code;
  }

  /** Like {@link #call}, on a stream: null, a CUstream or a cudaStream_t. */
  public int callOn(NativePointerObject stream, StreamCall call) {
    return call(gpu -> call.on(gpu, stream(gpu, stream)));
  }

  /** A call on the emulated GPU that uses a stream. */
  @FunctionalInterface
  public interface StreamCall {
    /** Runs the call. */
    void on(EmulatedDriver gpu, CudaStream stream);
  }

  private static CudaStream stream(EmulatedDriver gpu, NativePointerObject stream) {
    long handle = Natives.of(stream);
    gpu.api().expectStream(handle);
    if (handle <= 1) { // none, or CU_STREAM_LEGACY
      return CudaStream.LEGACY;
    }
    CUstream known = new CUstream();
    Natives.set(known, handle);
    return CudaStream.of(known);
  }
}
