namespace Odin.Pipelines;

/// <summary>The values of <see cref="Diagnostic.Code"/>. They are stable: programs may look at them.</summary>
public static class DiagnosticCodes
{
    public const string AmbiguousKey = nameof(AmbiguousKey);
    public const string DependencyCycle = nameof(DependencyCycle);
    public const string DuplicateKey = nameof(DuplicateKey);
    public const string DuplicateTask = nameof(DuplicateTask);

    /// <summary>Found at submit: the executor of a task does not show it files that it names.</summary>
    public const string FilesNotShared = nameof(FilesNotShared);
    public const string FileTooLarge = nameof(FileTooLarge);
    public const string IdTooLong = nameof(IdTooLong);
    public const string InvalidDuration = nameof(InvalidDuration);
    public const string InvalidName = nameof(InvalidName);
    public const string InvalidParameter = nameof(InvalidParameter);
    public const string InvalidPlaceholder = nameof(InvalidPlaceholder);
    public const string InvalidQuantity = nameof(InvalidQuantity);
    public const string InvalidReference = nameof(InvalidReference);
    public const string InvalidValue = nameof(InvalidValue);
    public const string InvalidYaml = nameof(InvalidYaml);
    public const string MissingFile = nameof(MissingFile);
    public const string MissingKey = nameof(MissingKey);
    public const string MissingParameter = nameof(MissingParameter);
    public const string MultipleDocuments = nameof(MultipleDocuments);
    public const string NotSubstituted = nameof(NotSubstituted);
    public const string NoTasks = nameof(NoTasks);
    public const string OneWord = nameof(OneWord);
    public const string RelativeOutput = nameof(RelativeOutput);
    public const string TemplateError = nameof(TemplateError);
    public const string TooDeep = nameof(TooDeep);
    public const string TooManyErrors = nameof(TooManyErrors);
    public const string TooManyTasks = nameof(TooManyTasks);
    public const string TooManyValues = nameof(TooManyValues);
    public const string TypeTag = nameof(TypeTag);
    public const string UnknownAnchor = nameof(UnknownAnchor);
    public const string UnknownDependency = nameof(UnknownDependency);
    public const string UnknownKey = nameof(UnknownKey);
    public const string UnknownParameter = nameof(UnknownParameter);
    public const string UnknownReference = nameof(UnknownReference);
    public const string UnknownVariable = nameof(UnknownVariable);
    public const string UnreadableFile = nameof(UnreadableFile);
    public const string WrongType = nameof(WrongType);
}
