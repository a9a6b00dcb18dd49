import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Writes a superclass for the stand-in of each given class. It declares all public static methods
 * of JCuda's class, and each says that it is not emulated, unless the stand-in hides it.
 *
 * <p>Run by the build: {@code java Unsupported.java FOLDER CLASS...} with JCuda on the class path.
 */
final class Unsupported {

  private Unsupported() {}

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    for (String name : List.of(arguments).subList(1, arguments.length)) {
      write(folder, Class.forName(name, false, Unsupported.class.getClassLoader()));
    }
  }

  private static void write(Path folder, Class<?> original) throws IOException {
    String name = "Unsupported" + original.getSimpleName();
    StringBuilder text = new StringBuilder();
    text.append("package %s;\n\n".formatted(original.getPackageName()));
    text.append("@SuppressWarnings({\"deprecation\", \"removal\", \"dep-ann\"})\n");
    text.append("class %s {\n".formatted(name));
    Method[] methods = original.getDeclaredMethods();
    Arrays.sort(methods, Comparator.comparing(Method::toGenericString));
    for (Method method : methods) {
      if (Modifier.isPublic(method.getModifiers()) && Modifier.isStatic(method.getModifiers())) {
        append(text, original, method);
      }
    }
    text.append("}\n");
    Path file = folder.resolve(original.getPackageName().replace('.', '/')).resolve(name + ".java");
    Files.createDirectories(file.getParent());
    if (!Files.exists(file) || !Files.readString(file).contentEquals(text)) {
      Files.writeString(file, text);
    }
  }

  private static void append(StringBuilder text, Class<?> original, Method method) {
    List<String> parameters = new ArrayList<>();
    for (Class<?> type : method.getParameterTypes()) {
      parameters.add(type.getCanonicalName() + " p" + parameters.size());
    }
    text.append(
        """

          public static %s %s(%s) {
            throw new UnsupportedOperationException(
                "%s.%s is not emulated; see the guide 'Testing without a GPU' of lamb4j");
          }
        """
            .formatted(
                method.getReturnType().getCanonicalName(),
                method.getName(),
                String.join(", ", parameters),
                original.getSimpleName(),
                method.getName()));
  }
}
