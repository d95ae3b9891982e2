namespace Odin.Predictor.Tests;

/// <summary>Small models without any package, as directories.</summary>
internal static class TestModel
{
    /// <summary>
    /// Does what the first value of a row says, answers <c>WORD!</c> for it, and writes each call as a line (pid and rows) into the
    /// file <c>calls</c>. <c>wait NAME</c> makes a file <c>NAME.started</c> and goes on when there is <c>NAME.go</c>.
    /// </summary>
    public const string Obedient = """
        import os, sys, time
        HERE = os.path.dirname(os.path.abspath(__file__))
        KEPT = []
        def init():
            return "matrix"
        def info():
            return [], []
        def path(name):
            return os.path.join(HERE, name)
        def obey(word):
            if word == "throw":
                raise RuntimeError("this row cannot be predicted")
            if word == "exit":
                os._exit(3)
            if word == "sys.exit":
                sys.exit(4)
            if word == "hang":
                while not os.path.exists(path("never")):
                    time.sleep(0.02)
            if word == "spin":
                while True:
                    pass
            if word == "leak":
                KEPT.append(b"x" * (256 << 20))
            if word == "print":
                print("words on standard output")
                os.write(1, b"words on descriptor one\n")
                os.write(2, b"words on descriptor two\n")
                os.write(1, b"w" * 100000 + b"\n")
            if str(word).startswith("wait "):
                open(path(word[5:] + ".started"), "w").close()
                while not os.path.exists(path(word[5:] + ".go")):
                    time.sleep(0.005)
        def predict_on_matrix(rows, provided_columns_names=None):
            with open(path("calls"), "a") as file:
                file.write("%d %d\n" % (os.getpid(), len(rows)))
            for row in rows:
                obey(row[0])
            return ["%s!" % row[0] for row in rows], ["echo"]
        """;

    /// <summary>Adds the columns a and b, which must be numbers, in the order of their names.</summary>
    public const string Adder = """
        def init():
            return "matrix"
        def column(name, kind="number"):
            return {"name": name, "type": kind, "example": 0, "required": True}
        def info():
            return [column("a"), column("b", "integer"), dict(column("note", "string"), required=False, example="")], [column("sum")]
        def predict_on_matrix(rows, provided_columns_names=None):
            names = provided_columns_names or ["a", "b", "note"]
            return [[row[names.index("a")] + row[names.index("b")]] for row in rows], ["sum"]
        """;

    /// <summary>Writes a model and returns its directory.</summary>
    public static string Write(TemporaryDirectory directory, string entrypoint)
    {
        var path = directory["model"];
        Directory.CreateDirectory(path);
        File.WriteAllText(Path.Combine(path, "entrypoint.py"), entrypoint);
        return path;
    }
}
