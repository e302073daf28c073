"""A form with a field of each kind."""

from django import forms


class Example(forms.Form):
    text = forms.CharField(label="A text", help_text="What it is for, in a few words.")
    number = forms.DecimalField(label="A number", required=False)
    day = forms.DateField(
        label="A day", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    choice = forms.ChoiceField(label="One of several", choices=[("a", "The first"), ("b", "Next")])
    long = forms.CharField(
        label="A long text", required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    fixed = forms.CharField(label="Not to be changed", disabled=True, initial="As it is")
    file = forms.FileField(label="A file", required=False)
    agree = forms.BooleanField(label="A box", required=False, help_text="Ticked or not.")
    ways = forms.MultipleChoiceField(
        label="Some of several",
        required=False,
        choices=[("x", "This"), ("y", "That")],
        widget=forms.CheckboxSelectMultiple,
    )
    way = forms.ChoiceField(
        label="One, all in sight", choices=[("x", "This"), ("y", "That")], widget=forms.RadioSelect
    )

    def clean(self) -> None:
        self.add_error(None, "What is wrong with the form as a whole stands above it.")


def wrong() -> Example:
    """The same, sent with nothing that it wants."""
    return Example({"number": "many", "day": "soon"}, auto_id="wrong_%s")
