package io.github.lamb4j.emulator.jcuda;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.Buffer;
import jcuda.NativePointerObject;
import jcuda.Pointer;

/** The private fields of JCuda's pointers and handles, which its native code sets. */
public final class Natives {

  private static final VarHandle HANDLE =
      field(NativePointerObject.class, "nativePointer", long.class);
  private static final VarHandle OFFSET = field(Pointer.class, "byteOffset", long.class);
  private static final VarHandle BUFFER = field(Pointer.class, "buffer", Buffer.class);
  private static final VarHandle POINTERS =
      field(Pointer.class, "pointers", NativePointerObject[].class);

  private Natives() {}

  private static VarHandle field(Class<?> owner, String name, Class<?> type) {
    try {
      return MethodHandles.privateLookupIn(owner, MethodHandles.lookup())
          .findVarHandle(owner, name, type);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(
          "JCuda's class %s has no field %s; supported are JCuda 10.2 to 12.6"
              .formatted(owner.getName(), name),
          e);
    }
  }

  /** The number of a handle; 0 for null. Of a pointer, the address it points to. */
  public static long of(NativePointerObject object) {
    if (object == null) {
      return 0;
    }
    long value = (long) HANDLE.get(object);
    return object instanceof Pointer ? value + (long) OFFSET.get(object) : value;
  }

  /** Sets the number of a handle, or the address of a pointer. */
  public static void set(NativePointerObject object, long value) {
    HANDLE.set(object, value);
    if (object instanceof Pointer) {
      OFFSET.set(object, 0L);
      BUFFER.set(object, (Buffer) null);
      POINTERS.set(object, (NativePointerObject[]) null);
    }
  }

  /** Makes a pointer point to host memory that also has an address. */
  static void set(Pointer pointer, long address, Buffer memory) {
    set(pointer, address);
    BUFFER.set(pointer, memory);
  }

  /** The offset into what a pointer to a Java object points to. */
  static long offset(Pointer pointer) {
    return (long) OFFSET.get(pointer);
  }

  /** The buffer or wrapped array that a pointer points to, or null. */
  static Buffer buffer(Pointer pointer) {
    return (Buffer) BUFFER.get(pointer);
  }

  /** The pointers that a pointer points to, or null. */
  static NativePointerObject[] pointers(Pointer pointer) {
    return (NativePointerObject[]) POINTERS.get(pointer);
  }
}
