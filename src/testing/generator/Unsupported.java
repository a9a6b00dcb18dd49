import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;

/**
 * Writes a superclass for the stand-in of each given class. It declares all public static methods
 * of JCuda's class, and each says that it is not emulated, and all public constants. The stand-in
 * hides what it has itself.
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
    appendFields(text, original);
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

  /** The values come from the class file: initializing the class would load native libraries. */
  private static void appendFields(StringBuilder text, Class<?> original) {
    StringWriter listing = new StringWriter();
    PrintWriter out = new PrintWriter(listing);
    String classPath = System.getProperty("java.class.path");
    ToolProvider javap = ToolProvider.findFirst("javap").orElseThrow();
    int code = javap.run(out, out, "-constants", "-public", "-cp", classPath, original.getName());
    if (code != 0) {
      throw new IllegalStateException("javap: " + listing);
    }
    Pattern field = Pattern.compile("public static final ([\\w.]+) (\\w+)(?: = (.+))?;");
    for (String line : listing.toString().lines().sorted().toList()) {
      Matcher match = field.matcher(line.strip());
      if (match.matches()) {
        String value = match.group(3) == null ? "new " + match.group(1) + "()" : match.group(3);
        text.append(
            "\n  public static final %s %s = %s;\n"
                .formatted(match.group(1), match.group(2), value));
      }
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
