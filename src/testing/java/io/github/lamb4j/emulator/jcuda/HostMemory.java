package io.github.lamb4j.emulator.jcuda;

import io.github.lamb4j.emulator.EmulatedDriver;
import io.github.lamb4j.emulator.EmulatedGpu;
import io.github.lamb4j.internal.cuda.driver.CudaDriver.PinnedMemory;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.util.Map;
import java.util.TreeMap;
import jcuda.NativePointerObject;
import jcuda.Pointer;

/**
 * The host memory behind JCuda's pointers: Java arrays, buffers, arrays of pointers, and pinned
 * memory. Pinned memory has made-up addresses, because Java cannot tell a buffer's.
 */
public final class HostMemory {

  private static final long FIRST_ADDRESS = 0x7e10_0000_0000L;
  private static final long GAP = 4096;

  private static final TreeMap<Long, PinnedMemory> PINNED = new TreeMap<>();
  private static long next = FIRST_ADDRESS;

  private HostMemory() {}

  /** Allocates pinned memory. */
  public static synchronized void allocate(EmulatedDriver gpu, Pointer pointer, long size) {
    PinnedMemory memory = gpu.allocatePinned(Math.toIntExact(size));
    PINNED.put(next, memory);
    ByteBuffer bytes = memory.bytes();
    Natives.set(pointer, next, bytes);
    next = (next + bytes.capacity() + 2 * GAP - 1) & -GAP;
  }

  /** Frees pinned memory; false if the pointer is not the start of such memory. */
  public static synchronized boolean free(Pointer pointer) {
    PinnedMemory memory = PINNED.get(Natives.of(pointer));
    if (memory == null) {
      return false;
    }
    memory.free();
    PINNED.remove(Natives.of(pointer));
    Natives.set(pointer, 0);
    return true;
  }

  /** Whether a pointer points to host memory. */
  public static boolean isHost(Pointer pointer) {
    return Natives.buffer(pointer) != null
        || Natives.pointers(pointer) != null
        || pinned(Natives.of(pointer)) != null;
  }

  /** Rejects pointers to Java memory where device memory is needed. */
  public static void requireDevice(Pointer pointer) {
    if (pointer != null && (Natives.buffer(pointer) != null || Natives.pointers(pointer) != null)) {
      throw new IllegalArgumentException(
          "a pointer to device memory is needed, but it points to a Java array or buffer");
    }
  }

  /** Whether an address is in pinned memory. */
  public static boolean isPinned(long address) {
    return pinned(address) != null;
  }

  private static synchronized Map.Entry<Long, PinnedMemory> pinned(long address) {
    Map.Entry<Long, PinnedMemory> found = PINNED.floorEntry(address);
    return found != null && address - found.getKey() < found.getValue().bytes().capacity()
        ? found
        : null;
  }

  /** Copies host memory into a direct buffer in native order, or returns a view of it. */
  public static ByteBuffer read(Pointer pointer, long bytes) {
    NativePointerObject[] pointers = Natives.pointers(pointer);
    if (pointers != null) {
      ByteBuffer values = direct((long) pointers.length * Long.BYTES);
      for (NativePointerObject value : pointers) {
        values.putLong(Natives.of(value));
      }
      return slice(values, Natives.offset(pointer), bytes);
    }
    ByteBuffer view = view(pointer, bytes);
    if (view != null) {
      return view;
    }
    Buffer whole = Natives.buffer(pointer);
    Elements elements = new Elements(whole, Natives.offset(pointer), bytes);
    elements.transfer(false);
    return elements.part();
  }

  /** All bytes of the array or buffer that a pointer points to, from there on. */
  public static byte[] readAll(Pointer pointer) {
    Buffer whole = Natives.buffer(pointer);
    if (whole == null) {
      throw new IllegalArgumentException("a pointer to a Java array or buffer is needed");
    }
    long bytes = (long) whole.capacity() * Elements.size(whole) - Natives.offset(pointer);
    byte[] all = new byte[Math.toIntExact(bytes)];
    read(pointer, bytes).get(all);
    return all;
  }

  /** The pointers in the array that a pointer points to; none for null. */
  public static NativePointerObject[] pointers(Pointer pointer) {
    if (pointer == null) {
      return new NativePointerObject[0];
    }
    NativePointerObject[] pointers = Natives.pointers(pointer);
    if (pointers == null) {
      throw new IllegalArgumentException(
          "a pointer to an array of pointers is needed, such as Pointer.to(pointer, pointer)");
    }
    return pointers;
  }

  /** Copies a direct buffer to host memory. */
  public static void write(Pointer pointer, ByteBuffer source) {
    if (Natives.pointers(pointer) != null) {
      throw new IllegalArgumentException("cannot copy into an array of pointers");
    }
    ByteBuffer view = view(pointer, source.remaining());
    if (view != null) {
      view.put(source.duplicate());
      return;
    }
    Elements elements =
        new Elements(Natives.buffer(pointer), Natives.offset(pointer), source.remaining());
    elements.transfer(false);
    elements.part().put(source.duplicate());
    elements.transfer(true);
  }

  /** A view of direct memory; null if the pointer points to an array. */
  private static ByteBuffer view(Pointer pointer, long bytes) {
    Buffer buffer = Natives.buffer(pointer);
    if (buffer == null) {
      long address = Natives.of(pointer);
      Map.Entry<Long, PinnedMemory> memory = pinned(address);
      if (memory == null) {
        throw notHost(address);
      }
      return slice(memory.getValue().bytes(), address - memory.getKey(), bytes);
    }
    return buffer instanceof ByteBuffer memory && memory.isDirect()
        ? slice(memory, Natives.offset(pointer), bytes)
        : null;
  }

  private static RuntimeException notHost(long address) {
    String where = EmulatedGpu.driver().rangeOf(address) == null ? "nothing" : "device memory";
    return new IllegalArgumentException(
        "a pointer to host memory is needed, but 0x%x points to %s".formatted(address, where));
  }

  private static ByteBuffer slice(ByteBuffer memory, long offset, long bytes) {
    if (offset < 0 || bytes > memory.capacity() - offset) {
      throw outOfBounds(offset, bytes, memory.capacity());
    }
    return memory
        .duplicate()
        .clear()
        .slice((int) offset, (int) bytes)
        .order(ByteOrder.nativeOrder());
  }

  private static IndexOutOfBoundsException outOfBounds(long offset, long bytes, long size) {
    return new IndexOutOfBoundsException(
        "host memory of %d bytes is too small for %d bytes at offset %d"
            .formatted(size, bytes, offset));
  }

  /** A direct buffer in native order. */
  public static ByteBuffer direct(long bytes) {
    return ByteBuffer.allocateDirect(Math.toIntExact(bytes)).order(ByteOrder.nativeOrder());
  }

  /** The elements of an array or typed buffer that contain a range of bytes. */
  private static final class Elements {
    private final Buffer array;
    private final int first;
    private final int count;
    private final int skipped;
    private final int wanted;
    private final ByteBuffer copy;

    Elements(Buffer array, long offset, long bytes) {
      this.array = array.duplicate().clear();
      int size = size(array);
      if (offset < 0 || bytes > (long) array.capacity() * size - offset) {
        throw outOfBounds(offset, bytes, (long) array.capacity() * size);
      }
      first = (int) (offset / size);
      count = (int) ((offset + bytes + size - 1) / size) - first;
      skipped = (int) (offset % size);
      wanted = (int) bytes;
      copy = direct((long) count * size).order(order(array));
      this.array.position(first).limit(first + count);
    }

    ByteBuffer part() {
      return copy.duplicate().clear().slice(skipped, wanted).order(ByteOrder.nativeOrder());
    }

    /** Copies the elements from the array, or back into it. */
    void transfer(boolean back) {
      ByteBuffer bytes = copy.duplicate().clear().order(copy.order());
      Buffer from = array.duplicate();
      if (from instanceof ByteBuffer b) {
        put(back ? bytes : b, back ? b : bytes);
      } else if (from instanceof FloatBuffer f) {
        FloatBuffer c = bytes.asFloatBuffer();
        (back ? f : c).put(back ? c : f);
      } else if (from instanceof IntBuffer i) {
        IntBuffer c = bytes.asIntBuffer();
        (back ? i : c).put(back ? c : i);
      } else if (from instanceof LongBuffer l) {
        LongBuffer c = bytes.asLongBuffer();
        (back ? l : c).put(back ? c : l);
      } else if (from instanceof DoubleBuffer d) {
        DoubleBuffer c = bytes.asDoubleBuffer();
        (back ? d : c).put(back ? c : d);
      } else if (from instanceof ShortBuffer s) {
        ShortBuffer c = bytes.asShortBuffer();
        (back ? s : c).put(back ? c : s);
      } else {
        CharBuffer h = (CharBuffer) from;
        CharBuffer c = bytes.asCharBuffer();
        (back ? h : c).put(back ? c : h);
      }
    }

    private static void put(ByteBuffer from, ByteBuffer to) {
      to.put(from);
    }

    private static int size(Buffer buffer) {
      if (buffer instanceof ByteBuffer) {
        return 1;
      }
      if (buffer instanceof ShortBuffer || buffer instanceof CharBuffer) {
        return 2;
      }
      return buffer instanceof LongBuffer || buffer instanceof DoubleBuffer ? 8 : 4;
    }

    /** The byte order of a buffer's elements in memory. */
    private static ByteOrder order(Buffer buffer) {
      if (buffer instanceof FloatBuffer f) return f.order();
      if (buffer instanceof IntBuffer i) return i.order();
      if (buffer instanceof LongBuffer l) return l.order();
      if (buffer instanceof DoubleBuffer d) return d.order();
      if (buffer instanceof ShortBuffer s) return s.order();
      if (buffer instanceof CharBuffer c) return c.order();
      return ByteOrder.nativeOrder();
    }
  }
}
