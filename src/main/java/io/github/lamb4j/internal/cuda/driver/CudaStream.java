package io.github.lamb4j.internal.cuda.driver;

import io.github.lamb4j.internal.spi.StreamHandle;
import java.lang.reflect.Constructor;
import java.lang.reflect.InaccessibleObjectException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jcuda.driver.CUstream;
import jcuda.runtime.cudaStream_t;

/**
 * An opaque handle of a stream. Two are equal if they denote the same stream. A caller's stream
 * object is copied, because the caller may create another stream in it.
 */
public final class CudaStream implements StreamHandle {

  private static final AtomicLong NEXT = new AtomicLong();
  private static final Pattern ADDRESS = Pattern.compile("nativePointer=0x([0-9a-fA-F]+)");

  /** CU_STREAM_PER_THREAD. */
  private static final long PER_THREAD = 2;

  /** The legacy default stream. */
  public static final CudaStream LEGACY = of(new CUstream());

  private final Object handle;

  private CudaStream(Object handle) {
    this.handle = handle;
  }

  /** The caller's stream. */
  public static CudaStream of(CUstream stream) {
    return new CudaStream(new CUstream(new cudaStream_t(stream)));
  }

  /** The caller's stream, from the CUDA runtime API. */
  public static CudaStream of(cudaStream_t stream) {
    return new CudaStream(new CUstream(stream));
  }

  /**
   * The stream with a handle from another binding; 0 is the legacy default stream.
   *
   * @throws IllegalStateException if this JCuda offers no way to use the handle
   */
  public static CudaStream of(long handle) {
    return handle == 0 ? LEGACY : new CudaStream(withHandle(handle));
  }

  /** JCuda makes stream objects from handles, but not publicly. */
  private static CUstream withHandle(long handle) {
    try {
      Constructor<CUstream> constructor = CUstream.class.getDeclaredConstructor(long.class);
      constructor.setAccessible(true);
      return constructor.newInstance(handle);
    } catch (ReflectiveOperationException | InaccessibleObjectException | SecurityException e) {
      throw new IllegalStateException(
          "stream handle 0x%x: this version of JCuda cannot wrap it; pass a CUstream or cudaStream_t"
              .formatted(handle),
          e);
    }
  }

  /** A new stream of a driver other than JCuda, equal only to itself. */
  public static CudaStream ofOtherDriver() {
    return new CudaStream(new OtherHandle(NEXT.incrementAndGet()));
  }

  /** A stream of a driver that has no handles of its own. */
  private record OtherHandle(long number) {}

  /** The {@code CUstream} in C, as a number, for libraries that take numbers. */
  public long address() {
    if (handle instanceof OtherHandle other) {
      return other.number;
    }
    // JCuda shows the number in its text; no public method returns it.
    Matcher text = ADDRESS.matcher(handle.toString());
    if (!text.find()) {
      throw new IllegalStateException(
          this + ": this version of JCuda does not show its address; use JCuda 10.2 to 12.6");
    }
    return Long.parseUnsignedLong(text.group(1), 16);
  }

  /** Whether this is the per-thread default stream: another stream in each thread. */
  public boolean isPerThread() {
    Matcher text = ADDRESS.matcher(handle.toString());
    return text.find() && Long.parseUnsignedLong(text.group(1), 16) == PER_THREAD;
  }

  /** The JCuda stream. */
  public CUstream handle() {
    return (CUstream) handle;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CudaStream stream && handle.equals(stream.handle);
  }

  @Override
  public int hashCode() {
    return handle.hashCode();
  }

  @Override
  public String toString() {
    return "stream " + handle;
  }
}
